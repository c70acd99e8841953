// Copyright 2026 scene_reloc_ros maintainers
// SPDX-License-Identifier: Apache-2.0
//
// Rounds of samples: how many each may draw, decided from what the rounds before it have found.
#pragma once

#include "workspace.cuh"

namespace scene_reloc {

constexpr double kGoodShare = 0.5;  // of uncontaminated samples: noise spoils the others
constexpr double kNoChance = 1e-12;  // a probability that is as good as none
constexpr int kGrowth = 4;           // of a round over the one before
constexpr int kSmallestShare = 4;    // the first round is this many times the smallest

/// Where a search stands before one of its rounds.
struct Progress {
  int best;    // of the refined hypotheses, -1 where there is none
  int drawn;   // samples
  int batch;   // samples that the round draws, 0 where it is not needed
  int rounds;  // over
};

/// Return how many samples hold a good one that passes its test, with confidence.
///
/// Fischler and Bolles (1981), k = log(1 - p) / log(1 - q); the test is that of Matas and Chum
/// (2004).
__host__ __device__ inline int samples_needed(double ratio, const Settings& settings) {
  const double passes = 1 - pow(1 - ratio, double(settings.test_cells));
  const double chance = kGoodShare * ratio * ratio * ratio * passes;
  if (!(chance >= kNoChance)) {
    return settings.maximum_samples;
  }
  const double needed = ceil(log(1 - settings.confidence) / log1p(-chance));
  return needed < settings.maximum_samples ? int(needed) : settings.maximum_samples;
}

/// Return how many rounds of the reference a round stands for: the last one for all that are left.
///
/// It compares and refines as many times the hypotheses.
__host__ __device__ inline int shares_of(const Settings& settings, int round) {
  const int all = (settings.maximum_samples + settings.round_samples - 1) / settings.round_samples;
  return round + 1 < kRounds ? 1 : all;
}

/// Return how many hypotheses of a round are compared at most.
__host__ __device__ inline int scored_in(const Settings& settings, int round) {
  return settings.scored * shares_of(settings, round);
}

/// Return how many hypotheses of a round are refined at most.
__host__ __device__ inline int refined_in(const Settings& settings, int round) {
  return settings.refined * shares_of(settings, round);
}

/// Return where the refined hypotheses of a round begin; those of kRounds, where all end.
__host__ __device__ inline int first_refined(const Settings& settings, int round) {
  const int last = smaller(round, kRounds - 1);
  return last * settings.refined + (round > last ? refined_in(settings, last) : 0);
}

/// Return the better of a hypothesis and the refined ones of a round; the earlier one of equals.
__host__ __device__ inline int better_of(const Workspace& w, int best, int round) {
  const int end = first_refined(w.settings, round) + refined_in(w.settings, round);
  for (int i = first_refined(w.settings, round); i < end; ++i) {
    const double bar = best < 0 ? 0 : w.refined[best].score;
    best = w.refined[i].score > bar ? i : best;
  }
  return best;
}

/// Return the progress before a round, kRounds for that after the last.
///
/// Few samples first, then several times as many: an easy query is over after one round. The last
/// round may draw all that are left.
__host__ __device__ inline Progress progress_before(const Workspace& w, int round) {
  const Settings& settings = w.settings;
  Progress progress{-1, 0, 0, 0};
  if (w.state->usable < kMinimumCells) {
    return progress;
  }
  int needed = settings.maximum_samples, wanted = settings.first_samples;
  for (int r = 0; ; ++r) {
    const int bound = r + 1 < kRounds ? settings.round_samples : settings.maximum_samples;
    const int left = smaller(needed, settings.maximum_samples) - progress.drawn;
    progress.batch = left > 0 ? smaller(smaller(wanted, bound),
                                        settings.maximum_samples - progress.drawn) : 0;
    if (r == round || r == kRounds || progress.batch == 0) {
      return progress;
    }
    progress.drawn += progress.batch;
    progress.rounds = r + 1;
    progress.best = better_of(w, progress.best, r);
    if (progress.best >= 0) {
      needed = samples_needed(w.refined[progress.best].ratio, settings);
    }
    wanted = larger(needed - progress.drawn, settings.first_samples / kSmallestShare);
    wanted = r + 2 < kRounds ? smaller(kGrowth * progress.batch, wanted) : wanted;
  }
}

}  // namespace scene_reloc
