"""One Jinja environment a language: every macro and filter knows its language without being told.

Templates use `t` for sentences, `ui` for the macros of `templates/macros/`, and the functions of `texts`.
"""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from archive_service.web import texts
from archive_service.web.labels import label, regime_word
from archive_service.web.sentences import Sentences
from archive_service.web.static import asset_url

TEMPLATES = Path(__file__).parent / "templates"
MACROS = tuple(sorted(path.name for path in (TEMPLATES / "macros").glob("*.html")))


@cache
def environment(language: str) -> Environment:
    """The environment of "vi" or "en". Escapes everything, refuses undefined names."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(_names(language))
    ui = SimpleNamespace()
    made.globals["ui"] = ui
    for name in MACROS:
        vars(ui).update(_macros(made, name))
    return made


def _names(language: str) -> dict[str, Any]:
    spoken = {
        function.__name__: partial(function, language=language)
        for function in (texts.number, texts.size, texts.percent, texts.share, texts.duration)
    }
    silent = {
        function.__name__: function
        for function in (
            texts.when,
            texts.when_text,
            texts.day,
            texts.day_text,
            texts.shorten,
            texts.visible_name,
            texts.digest_groups,
            texts.digest_short,
            texts.first_difference,
            label,
            regime_word,
            asset_url,
        )
    }
    return {"t": Sentences(language), "language": language, **spoken, **silent}


def _macros(made: Environment, name: str) -> dict[str, Any]:
    module = made.get_template(f"macros/{name}").module
    return {key: value for key, value in vars(module).items() if not key.startswith("_")}
