// Copyright 2026 scene_reloc_ros maintainers
// SPDX-License-Identifier: Apache-2.0
//
// Refinement: the best few hypotheses on part of the cells, and the winner on all of them.
#pragma once

#include "rounds.cuh"
#include "scoring.cuh"

namespace scene_reloc {

constexpr float kNearby = 2;  // thresholds; a cell with a larger error never becomes an inlier
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
__host__ __device__ inline void choose_rival(const Team& team, Refinement& shared,
                                             const Workspace& w, int count) {
  const Pose<double> kept = shared.pose;
  team.sync();
  choose(team, shared, w, w.scores, count, 0);
  const Pose<double> best = shared.pose;
  for (int i = team.rank(); i < count; i += team.size()) {
    w.rivals[i] = differs(w.poses[w.chosen[i]], best, w.settings) ? w.scores[i] : 0;
  }
  team.sync();
  if (team.rank() == 0) {
    begin(shared, kept, w.settings);
  }
  team.sync();
  choose(team, shared, w, w.rivals, count, 0);
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
    choose_rival(team, shared, w, count);
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

/// Mark the usable cells whose error is below a bound (px).
template <class Team>
__host__ __device__ inline void mark_near(const Team& team, const Pose<double>& pose,
                                          const Workspace& w, float bound) {
  for (int i = team.rank(); i < w.state->usable; i += team.size()) {
    const Cell cell = load_cell(w.cells, w.capacity, i);
    w.near[i] = squared_error(seen_from(pose, cell), cell, w.settings) < bound * bound;
  }
}

/// Mark the inliers among the cells as they were given, and leave their number in the totals.
template <class Team>
__host__ __device__ inline void mark_inliers(const Team& team, Refinement& shared,
                                             const Workspace& w) {
  const Pose<double> pose = shared.pose;
  typename Team::Partial own[1] = {0};
  for (int i = team.rank(); i < w.state->usable; i += team.size()) {
    const Cell cell = load_cell(w.cells, w.capacity, i);
    const bool inside = is_inlier(squared_error(seen_from(pose, cell), cell, w.settings),
                                  w.settings);
    w.mask[w.source[i]] = inside;
    own[0] += inside;
  }
  team.template reduce<Sum>(own, shared.totals);
}

/// Write what the last step knows of the pose; for one rank.
__host__ __device__ inline void report_pose(const Refinement& shared, Result& result) {
  const Pose<double>& pose = shared.pose;
  const Vector3<double> rows[4] = {pose.row[0], pose.row[1], pose.row[2], pose.translation};
  for (int i = 0; i < 4; ++i) {
    result.cam_from_map[3 * i] = rows[i].x;
    result.cam_from_map[3 * i + 1] = rows[i].y;
    result.cam_from_map[3 * i + 2] = rows[i].z;
  }
  for (int i = 0; i < kTriangle; ++i) {
    result.information[i] = shared.totals[i];
  }
  result.scale_px = shared.scales.px;
  result.scale_depth = shared.scales.depth;
}

/// Find the winner of all rounds; for one rank.
__host__ __device__ inline void begin_with_winner(Refinement& shared, const Workspace& w) {
  const Progress progress = progress_before(w, kRounds);
  shared.found = 0;
  if (progress.best >= 0) {
    begin(shared, w.refined[progress.best].pose, w.settings);
  }
  Result& result = *w.result;
  result.usable = w.state->usable;
  result.area_px = w.state->area_px;
  result.samples = progress.drawn;
  result.found = shared.found;
  shared.progress = progress;
}

/// Leave the score of the best refined hypothesis of another mode than the winner in the totals.
template <class Team>
__host__ __device__ inline void find_rival(const Team& team, Refinement& shared,
                                           const Workspace& w) {
  const int count = first_refined(w.settings, shared.progress.rounds);
  double own[1] = {0};
  for (int i = team.rank(); i < count; i += team.size()) {
    const Refined& refined = w.refined[i];
    if (refined.score > own[0] && differs(refined.pose, shared.pose, w.settings)) {
      own[0] = refined.score;
    }
  }
  team.template reduce<Largest>(own, shared.totals);
}

/// Kernel body, one team: refine the winner on all cells near it, and report.
template <class Team>
__host__ __device__ inline void finish(const Team& team, Refinement& shared,
                                       const Workspace& w) {
  if (team.rank() == 0) {
    begin_with_winner(shared, w);
  }
  team.sync();
  if (!shared.found) {
    return;
  }
  find_rival(team, shared, w);
  if (team.rank() == 0) {
    w.result->consensus_score = w.refined[shared.progress.best].score;
    w.result->rival_score = shared.totals[0];
  }
  team.sync();
  const int usable = w.state->usable;
  mark_near(team, shared.pose, w, kNearby * w.settings.threshold_px);
  iterate(team, shared, {w.cells, w.capacity, usable, w.near}, w.settings.final_steps, w.settings);
  if (team.rank() == 0) {
    report_pose(shared, *w.result);
  }
  team.sync();
  mark_inliers(team, shared, w);
  if (team.rank() == 0) {
    w.result->inliers = shared.totals[0];
  }
  team.sync();
  score_cells(team, shared.totals, cast<float>(shared.pose), w.cells, w.capacity, usable,
              w.settings);
  if (team.rank() == 0) {
    w.result->score = shared.totals[0];
  }
}

}  // namespace scene_reloc
