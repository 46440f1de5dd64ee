"""Pages of the registry: models, versions, cards, files, data sets."""
