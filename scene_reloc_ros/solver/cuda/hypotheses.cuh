// Copyright 2026 scene_reloc_ros maintainers
// SPDX-License-Identifier: Apache-2.0
//
// Hypotheses: minimal samples to poses that pass a test, the best of them, and their comparison.
#pragma once

#include "p3p.cuh"
#include "rounds.cuh"
#include "scoring.cuh"

namespace scene_reloc {

/// The pose of a sample that most of its test cells agree with.
struct Best {
  Pose<double> pose;
  int agreeing;  // cells
};

/// Return the first of some running sums that is not below a value.
__host__ __device__ inline int first_not_below(const double* sums, int count, double value) {
  int low = 0, high = count;
  while (low < high) {
    const int middle = (low + high) / 2;
    if (sums[middle] < value) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/// Return a cell of a minimal sample: in proportion to the weights.
__host__ __device__ inline int minimal_cell(const Workspace& w, int sample, int number) {
  const double uniform = w.numbers[number * w.settings.maximum_samples + sample];
  const int pool = w.state->pool;
  const int place = w.weighted
                        ? first_not_below(w.cumulative, pool, uniform * w.cumulative[pool - 1])
                        : int(uniform * pool);
  return w.pool[smaller(place, pool - 1)];
}

/// Return how many of a sample's test cells agree with a pose.
__host__ __device__ inline int agreeing_cells(const Workspace& w, int sample,
                                              const Pose<double>& pose) {
  const double* uniform = w.numbers + kMinimal * w.settings.maximum_samples + sample;
  int agreeing = 0;
  for (int i = 0; i < w.settings.test_cells; ++i) {
    const int number = int(uniform[i * w.settings.maximum_samples] * w.state->usable);
    const Cell cell = load_cell(w.cells, w.capacity, number);
    const Vector3<float> seen = cast<float>(transform(pose, cast<double>(cell.point)));
    agreeing += is_inlier(squared_error(seen, cell, w.settings), w.settings);
  }
  return agreeing;
}

__host__ __device__ inline void consider(const Workspace& w, int sample,
                                         const Pose<double>& pose, Best& best) {
  const int agreeing = agreeing_cells(w, sample, pose);
  if (agreeing > best.agreeing) {
    best = {pose, agreeing};
  }
}

/// Try the up to four poses of three pixels.
__host__ __device__ inline void try_pixels(const Workspace& w, int sample, const Cell cells[3],
                                           Best& best) {
  Vector3<double> rays[3], points[3], depths[kSolutions];
  for (int i = 0; i < 3; ++i) {
    rays[i] = {cells[i].ray_x, cells[i].ray_y, 1};
    points[i] = cast<double>(cells[i].point);
  }
  const ThreePoints<double> problem = three_points(rays, points);
  const int count = candidate_depths(problem, depths);
  for (int i = 0; i < count; ++i) {
    Pose<double> pose;
    if (pose_of_depths(problem, depths[i], pose)) {
      consider(w, sample, pose, best);
    }
  }
}

/// Try the pose of three measured points.
__host__ __device__ inline void try_depths(const Workspace& w, int sample, const Cell cells[3],
                                           Best& best) {
  Vector3<double> seen[3], points[3];
  float farthest = 0;
  for (int i = 0; i < 3; ++i) {
    const double depth = cells[i].depth;
    seen[i] = {depth * cells[i].ray_x, depth * cells[i].ray_y, depth};
    points[i] = cast<double>(cells[i].point);
    farthest = at_least(farthest, cells[i].depth);
  }
  Pose<double> pose;
  if (side_difference(seen, points) < distance_bound(farthest, w.settings) &&
      align_triangles(points, seen, pose)) {
    consider(w, sample, pose, best);
  }
}

/// Return the best pose of one sample; no cell agrees where it has none.
__host__ __device__ inline Best try_sample(const Workspace& w, int sample) {
  Best best;
  best.agreeing = 0;
  Cell cells[kMinimal];
  for (int i = 0; i < kMinimal; ++i) {
    cells[i] = load_cell(w.cells, w.capacity, minimal_cell(w, sample, i));
  }
  if (w.state->measured) {
    try_depths(w, sample, cells, best);
  } else {
    try_pixels(w, sample, cells, best);
  }
  return best;
}

/// Kernel body, one rank a sample: its pose, if a test cell agrees with it.
template <class Team>
__host__ __device__ inline void generate(const Team& team, Progress& progress, const Workspace& w,
                                         int round, int block) {
  if (team.rank() == 0) {
    progress = progress_before(w, round);
    if (block == 0) {
      w.state->batch[round] = progress.batch;
    }
  }
  team.sync();
  const int sample = block * team.size() + team.rank();
  if (sample >= progress.batch) {
    return;
  }
  const Best best = try_sample(w, progress.drawn + sample);
  w.agreeing[sample] = best.agreeing;
  if (best.agreeing > 0) {
    w.poses[sample] = best.pose;
  }
}

/// Count the samples of lower and of all ranks whose agreeing cells are in bounds.
template <class Team>
__host__ __device__ inline int samples_before(const Team& team, const Workspace& w,
                                              Share share, int low, int high, double& total) {
  int count = 0;
  for (int i = share.begin; i < share.end; ++i) {
    count += w.agreeing[i] >= low && w.agreeing[i] <= high;
  }
  return int(team.before(count, total));
}

/// List a rank's samples whose agreeing cells are in bounds, from a place on, up to a limit.
__host__ __device__ inline void list_samples(const Workspace& w, Share share, int low, int high,
                                             int place, int limit) {
  for (int i = share.begin; i < share.end && place < limit; ++i) {
    if (w.agreeing[i] >= low && w.agreeing[i] <= high) {
      w.chosen[place++] = i;
    }
  }
}

/// Kernel body, one team: choose the poses that most test cells agree with, lower ones first.
template <class Team>
__host__ __device__ inline void select(const Team& team, const Workspace& w, int round) {
  const Share share = share_of(team, w.state->batch[round]);
  const int most = w.settings.test_cells, limit = scored_in(w.settings, round);
  int level = 0;  // samples above it are all chosen
  double above, at_level = 0;
  int place = samples_before(team, w, share, level + 1, most, above);
  while (above > limit) {
    ++level;
    place = samples_before(team, w, share, level + 1, most, above);
  }
  list_samples(w, share, level + 1, most, place, limit);
  if (level > 0) {
    place = samples_before(team, w, share, level, level, at_level);
    list_samples(w, share, level, level, int(above) + place, limit);
  }
  if (team.rank() == 0) {
    w.state->chosen[round] = smaller(int(above + at_level), limit);
  }
}

/// Kernel body, one team a hypothesis: its soft inlier count on part of the cells.
template <class Team>
__host__ __device__ inline void compare(const Team& team, double totals[kScores],
                                        const Workspace& w, int round, int block) {
  if (block >= w.state->chosen[round]) {
    return;
  }
  score_cells(team, totals, cast<float>(w.poses[w.chosen[block]]), w.part,
              w.settings.local_cells, part_size(w), w.settings);
  if (team.rank() == 0) {
    w.scores[block] = totals[0];
  }
}

}  // namespace scene_reloc
