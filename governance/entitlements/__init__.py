"""Who can do what: roles, models, keys, pipelines and stand-ins on one page, and reviews of each entry.

`gather` reads them from the tables of the apps below, `asked` narrows them, `actions` holds reviews.
"""
