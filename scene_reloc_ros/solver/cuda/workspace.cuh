// Copyright 2026 scene_reloc_ros maintainers
// SPDX-License-Identifier: Apache-2.0
//
// What the kernels share in device memory. workspace.py mirrors Settings, Workspace and Result.
#pragma once

#include "step.cuh"

namespace scene_reloc {

constexpr int kRounds = 4;       // of samples; each is larger than the one before
constexpr int kMinimal = 3;      // cells that fix a pose
constexpr int kMinimumCells = 4;  // one more tells a right pose from a wrong one
constexpr int kCellRows = 9;     // values of a Cell

/// One query as it is given: N cells, row by row; those with NaN or Inf are left out.
struct Inputs {
  const float* rays;     // (N, 3) with z = 1
  const float* points;   // (N, 3) metres, map frame
  const float* depths;   // (N,) metres, 0 where unknown; null: nowhere known
  const float* weights;  // (N,) 0 leaves a cell out; null: all count one
};

/// A refined hypothesis.
struct Refined {
  Pose<double> pose;
  double score;  // soft inlier count on all cells, below zero where there is no hypothesis
  double ratio;  // of inliers among all cells
};

/// What one kernel leaves for the next.
struct State {
  double area_px;         // that the usable cells cover, pixels^2
  int usable;             // cells
  int pool;               // cells that minimal samples are drawn from
  int measured;           // whether minimal samples are solved by their depths
  int batch[kRounds];     // samples of a round, 0 where it is not needed
  int chosen[kRounds];    // hypotheses of a round that are compared
};

/// The answer; all of it doubles, so that one copy and one view read it.
struct Result {
  double usable;   // cells
  double found;    // 1 where any sample gave a hypothesis, 0 where the rest is undefined
  double samples;  // drawn
  double inliers;  // cells
  double area_px;  // that the usable cells cover, pixels^2
  double score;    // soft inlier count
  double scale_px, scale_depth;  // robust standard deviations of the residuals, pixels
  double second_best_score;            // of the best pose of another mode, 0 without one
  double cam_from_map[12];       // rows of rotation, then translation, metres
  double information[kTriangle];  // of the twist, upper triangle by rows
};

/// Settings and buffers of problems of one size.
struct Workspace {
  Settings settings;
  float* cells;            // (kCellRows, capacity), usable ones first
  float* part;             // (kCellRows, local_cells), on which hypotheses are compared
  int* source;             // (capacity,) where a usable cell lies among those given
  int* pool;               // (capacity,) usable cells that minimal samples are drawn from
  double* cumulative;      // (capacity,) running sum of the pool's weights
  const int* order;        // (capacity,) a permutation of the usable cells, then others
  const double* numbers;   // (kMinimal + test_cells, maximum_samples), uniform in [0, 1)
  Pose<double>* poses;     // (maximum_samples,) of the samples of a round
  int* agreeing;           // (maximum_samples,) test cells that agree with a pose
  int* chosen;             // (most scored,) samples of the round that are compared
  double* scores;          // (most scored,) on part of the cells
  double* second_best_scores;          // (most scored,) scores of what differs from the best, else 0
  Refined* refined;        // those of all rounds, one after the other
  unsigned char* near;     // (capacity,) usable cells that take part in the last refinement
  State* state;
  Result* result;
  unsigned char* mask;     // (capacity,) inliers among the cells given
  int capacity;            // cells given
  int weighted;            // whether samples follow the weights
};

__host__ __device__ inline int smaller(int a, int b) { return a < b ? a : b; }

__host__ __device__ inline int larger(int a, int b) { return a > b ? a : b; }

/// Read column i of cells that are laid out by rows.
__host__ __device__ inline Cell load_cell(const float* rows, int stride, int i) {
  const float* p = rows + i;
  return {{p[0], p[stride], p[2 * stride]}, p[3 * stride], p[4 * stride], p[5 * stride],
          p[6 * stride], p[7 * stride], p[8 * stride]};
}

/// Write column i of cells that are laid out by rows.
__host__ __device__ inline void store_cell(const Cell& cell, float* rows, int stride, int i) {
  const float values[kCellRows] = {cell.point.x, cell.point.y, cell.point.z, cell.ray_x,
                                   cell.ray_y, cell.weight, cell.depth, cell.px_per_m,
                                   cell.depth_px};
  for (int row = 0; row < kCellRows; ++row) {
    rows[row * stride + i] = values[row];
  }
}

}  // namespace scene_reloc
