"""The parts of scripts/pretrain_nano.py and scripts/make_clip_lite.py, the recipes of models/clip-nano and clip-lite."""
