// clipsim as a library: everything a program needs to fine-tune, index and search.
#pragma once

#include "clipsim/core/error.h"
#include "clipsim/pipeline/build_index.h"
#include "clipsim/pipeline/config.h"
#include "clipsim/pipeline/embed_inputs.h"
#include "clipsim/pipeline/evaluate.h"
#include "clipsim/pipeline/search_images.h"
#include "clipsim/pipeline/train_model.h"
