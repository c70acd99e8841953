// Copyright 2026 scene_reloc_ros maintainers
// SPDX-License-Identifier: Apache-2.0
//
// The last refinement: the winner on all cells, a serious second best as well, and the report.
#pragma once

#include "refinement.cuh"

namespace scene_reloc {

constexpr float kNearby = 2;  // thresholds; a cell with a larger error never becomes an inlier

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

/// Return the pose of a report.
__host__ __device__ inline Pose<double> reported_pose(const Result& result) {
  const double* p = result.cam_from_map;
  return {{{p[0], p[1], p[2]}, {p[3], p[4], p[5]}, {p[6], p[7], p[8]}}, {p[9], p[10], p[11]}};
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

/// Leave the score of the best refined hypothesis of another mode than the pose in the totals.
template <class Team>
__host__ __device__ inline void find_second_best(const Team& team, Refinement& shared,
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

/// Return which refined hypothesis has the score that find_second_best left; -1 where none is as good as
/// the winner to within the share that makes a query ambiguous.
__host__ __device__ inline int serious_second_best(const Refinement& shared, const Workspace& w) {
  const double score = shared.totals[0];
  if (!(score > w.settings.second_best_ratio * w.refined[shared.progress.best].score)) {
    return -1;
  }
  int index = 0;
  while (w.refined[index].score != score ||
         !differs(w.refined[index].pose, shared.pose, w.settings)) {
    ++index;
  }
  return index;
}

/// Refine the pose on all cells near it until it stands still.
template <class Team>
__host__ __device__ inline void refine_on_all(const Team& team, Refinement& shared,
                                              const Workspace& w) {
  mark_near(team, shared.pose, w, kNearby * w.settings.threshold_px);
  iterate(team, shared, {w.cells, w.capacity, w.state->usable, w.near}, w.settings.final_steps,
          w.settings);
}

/// Refine a second best as the winner was, and report its score if it still is another mode.
template <class Team>
__host__ __device__ inline void report_second_best(const Team& team, Refinement& shared,
                                             const Workspace& w, int second_best) {
  team.sync();
  if (team.rank() == 0) {
    begin(shared, w.refined[second_best].pose, w.settings);
  }
  team.sync();
  refine_on_all(team, shared, w);
  team.sync();
  score_cells(team, shared.totals, cast<float>(shared.pose), w.cells, w.capacity,
              w.state->usable, w.settings);
  if (team.rank() == 0) {
    const Pose<double> winner = reported_pose(*w.result);
    w.result->second_best_score = differs(shared.pose, winner, w.settings) ? shared.totals[0] : 0;
  }
}

/// Kernel body, one team: refine the winner on all cells near it, and report; a second best as well.
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
  find_second_best(team, shared, w);
  const int second_best = serious_second_best(shared, w);
  if (team.rank() == 0) {
    w.result->second_best_score = shared.totals[0];
  }
  team.sync();
  refine_on_all(team, shared, w);
  if (team.rank() == 0) {
    report_pose(shared, *w.result);
  }
  team.sync();
  mark_inliers(team, shared, w);
  if (team.rank() == 0) {
    w.result->inliers = shared.totals[0];
  }
  team.sync();
  score_cells(team, shared.totals, cast<float>(shared.pose), w.cells, w.capacity,
              w.state->usable, w.settings);
  if (team.rank() == 0) {
    w.result->score = shared.totals[0];
  }
  if (second_best >= 0) {
    report_second_best(team, shared, w, second_best);
  }
}

}  // namespace scene_reloc
