// Copyright 2026 scene_reloc_ros maintainers
// SPDX-License-Identifier: Apache-2.0
//
// Refinement of one hypothesis, and of the best few of a round on part of the cells.
#pragma once

#include "rounds.cuh"
#include "scoring.cuh"

namespace scene_reloc {

constexpr double kFirstScale = 1.0 / 3;  // of the threshold: inliers fill it before a fit

/// What the ranks of a team share while they refine one hypothesis.
struct Refinement {
  double totals[kSums];
  Pose<double> pose;
  Scales scales;
  Progress progress;
  int found;  // whether there is a hypothesis
  int converged;
};

/// Begin with a hypothesis; for one rank.
__host__ __device__ inline void begin(Refinement& shared, const Pose<double>& pose,
                                      const Settings& settings) {
  const double scale = kFirstScale * settings.threshold_px;
  shared.pose = pose;
  shared.scales = {scale, scale};
  shared.found = 1;
}

/// Return whether two poses are different answers: far apart, or turned.
__host__ __device__ inline bool differs(const Pose<double>& a, const Pose<double>& b,
                                        const Settings& settings) {
  constexpr double kRadians = 0.017453292519943295;  // of a degree
  const double trace = dot(a.row[0], b.row[0]) + dot(a.row[1], b.row[1]) + dot(a.row[2], b.row[2]);
  const Vector3<double> apart = camera_centre(a) - camera_centre(b);
  const double bound = settings.mode_distance_m;
  return dot(apart, apart) > bound * bound ||
         (trace - 1) / 2 < cos(settings.mode_angle_deg * kRadians);
}

/// See a cell from the refined pose; in double, for maps whose origin is far away.
__host__ __device__ inline Vector3<float> seen_from(const Pose<double>& pose, const Cell& cell) {
  return cast<float>(transform(pose, cast<double>(cell.point)));
}

/// Some of the laid out cells: all of them, or those that a mask names.
struct Selection {
  const float* rows;
  int stride, count;
  const unsigned char* mask;  // null: all of them
};

/// Leave the sums of the normal equations of the inliers in shared.totals.
template <class Team>
__host__ __device__ inline void sum_equations(const Team& team, Refinement& shared,
                                              const Selection& cells, const Settings& settings) {
  typename Team::Partial own[kSums];
  for (auto& value : own) {
    value = 0;
  }
  const Pose<double> pose = shared.pose;
  const Scales scales = shared.scales;
  for (int i = team.rank(); i < cells.count; i += team.size()) {
    if (cells.mask && !cells.mask[i]) {
      continue;
    }
    const Cell cell = load_cell(cells.rows, cells.stride, i);
    const Vector3<float> seen = seen_from(pose, cell);
    if (is_inlier(squared_error(seen, cell, settings), settings)) {
      add_inlier(seen, cell, scales, settings, own);
    }
  }
  team.template reduce<Sum>(own, shared.totals);
}

/// Refine the shared pose by reweighted Gauss-Newton steps until they change nothing.
template <class Team>
__host__ __device__ inline void iterate(const Team& team, Refinement& shared,
                                        const Selection& cells, int steps,
                                        const Settings& settings) {
  for (int i = 0; i < steps; ++i) {
    sum_equations(team, shared, cells, settings);
    if (team.rank() == 0) {
      shared.converged = advance(shared.totals, shared.pose, shared.scales);
    }
    team.sync();
    if (shared.converged) {
      return;
    }
  }
}

/// Return how many of the compared hypotheses are better than one, lower ones first among equals.
__host__ __device__ inline int standing(const double* scores, int count, int hypothesis) {
  int better = 0;
  for (int i = 0; i < count; ++i) {
    const bool first = scores[i] == scores[hypothesis] && i < hypothesis;
    better += first || scores[i] > scores[hypothesis];
  }
  return better;
}

/// Choose the hypothesis that is in the block-th place by its scores, if it has any.
template <class Team>
__host__ __device__ inline void choose(const Team& team, Refinement& shared, const Workspace& w,
                                       const double* scores, int count, int block) {
  for (int i = team.rank(); i < count; i += team.size()) {
    if (standing(scores, count, i) == block && scores[i] > 0) {
      begin(shared, w.poses[w.chosen[i]], w.settings);
    }
  }
  team.sync();
}

/// Choose the best hypothesis of another mode than the best; where there is none, keep the choice.
template <class Team>
__host__ __device__ inline void choose_second_best(const Team& team, Refinement& shared,
                                             const Workspace& w, int count) {
  const Pose<double> kept = shared.pose;
  team.sync();
  choose(team, shared, w, w.scores, count, 0);
  const Pose<double> best = shared.pose;
  for (int i = team.rank(); i < count; i += team.size()) {
    w.second_best_scores[i] = differs(w.poses[w.chosen[i]], best, w.settings) ? w.scores[i] : 0;
  }
  team.sync();
  if (team.rank() == 0) {
    begin(shared, kept, w.settings);
  }
  team.sync();
  choose(team, shared, w, w.second_best_scores, count, 0);
}

/// Kernel body, one team a hypothesis: refine the block-th best on part, score it on all cells.
///
/// The last place is that of the best hypothesis which differs from the best of all: it tells
/// whether the query has two answers.
template <class Team>
__host__ __device__ inline void refine(const Team& team, Refinement& shared, const Workspace& w,
                                       int round, int block) {
  const int count = w.state->chosen[round], usable = w.state->usable;
  const int places = refined_in(w.settings, round);
  Refined& refined = w.refined[first_refined(w.settings, round) + block];
  if (block >= count) {
    if (team.rank() == 0) {
      refined.score = -1;
    }
    return;
  }
  choose(team, shared, w, w.scores, count, block);
  if (block == places - 1 && count > places) {
    choose_second_best(team, shared, w, count);
  }
  const int stride = w.settings.local_cells;
  iterate(team, shared, {w.part, stride, part_size(w), nullptr}, w.settings.local_steps,
          w.settings);
  score_cells(team, shared.totals, cast<float>(shared.pose), w.cells, w.capacity, usable,
              w.settings);
  if (team.rank() == 0) {
    refined = {shared.pose, shared.totals[0], shared.totals[1] / usable};
  }
}

}  // namespace scene_reloc
