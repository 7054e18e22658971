"""West Market 西市: the market of one city for intermediary services (网上中介服务超市).

One folder per domain, listed in market/app.py in order of dependence; the same file names mean the same thing in each
(docs/adding-a-domain.md). `create_app` is in market/app.py; this file stays empty so that pure files load nothing else.
"""
