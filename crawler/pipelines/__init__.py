"""Item pipelines: where outcomes go."""
