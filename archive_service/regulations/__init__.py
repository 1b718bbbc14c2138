"""The law as data: tables by instrument and date, read once into frozen values."""

from archive_service.regulations.rules import Rules, load

__all__ = ["Rules", "load"]
