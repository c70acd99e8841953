// Copyright 2026 scene_reloc_ros maintainers
// SPDX-License-Identifier: Apache-2.0
//
// Scores of one hypothesis over many cells.
#pragma once

#include "prepare.cuh"

namespace scene_reloc {

constexpr int kScores = 2;  // soft inlier count, inlier count

/// Leave the soft inlier count and the inlier count of a pose in the totals.
template <class Team>
__host__ __device__ inline void score_cells(const Team& team, double totals[kScores],
                                            const Pose<float>& pose, const float* cells,
                                            int stride, int count, const Settings& settings) {
  typename Team::Partial own[kScores] = {0, 0};
  for (int i = team.rank(); i < count; i += team.size()) {
    const Cell cell = load_cell(cells, stride, i);
    const float squared = squared_error(transform(pose, cell.point), cell, settings);
    own[0] += cell.weight * soft_inlier(squared, settings);
    own[1] += is_inlier(squared, settings);
  }
  team.template reduce<Sum>(own, totals);
}

}  // namespace scene_reloc
