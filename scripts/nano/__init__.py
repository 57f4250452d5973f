"""The parts of scripts/pretrain_nano.py, the recipe of models/clip-nano."""
