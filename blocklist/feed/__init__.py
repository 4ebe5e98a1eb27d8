"""The lists by HTTP: plain WSGI over a folder of snapshots, with tokens, a pull log and public questions."""
