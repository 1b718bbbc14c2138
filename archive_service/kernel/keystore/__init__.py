"""The keystore: one small file a dossier, in two places, outside database, storage roots and their backups.

A place is a folder:

    keystore.json           whose it is; a folder without it is an empty mount, and is never taken for a keystore
    keys/3f/<digest>.age    one dossier's key: an age file for the master key and for those who hold the escrow
    destroyed.jsonl         what was destroyed, and when; each line holds the digest of the one before

`store` finds and makes keys, `masters` opens them, `destroyed` remembers, `check` compares the places, `rotate` wraps anew.
"""
