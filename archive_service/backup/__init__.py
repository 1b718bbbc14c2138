"""Backup, restore and drills (TT 02/2019/TT-BNV Điều 8.3, 10, 11; QCVN 12:2026/BCA 2.2.12, 2.2.21)."""
