// Copyright 2026 scene_reloc_ros maintainers
// SPDX-License-Identifier: Apache-2.0
//
// What a pose leaves unexplained: errors of cells, their soft score, residuals and derivatives.
//
// Cameras look along z; pixels are those of the image that the network sees. An error of depth
// counts as the share of its threshold, in pixels, and the larger of the two errors decides.
#pragma once

#include "geometry.cuh"

namespace scene_reloc {

constexpr int kParameters = 6;               // of a twist: translation (m), then rotation (rad)
constexpr int kColumns = kParameters + 1;    // of a residual's row: its derivatives and itself
constexpr float kSmallestDepth = 1e-9f;      // metres; keeps points in the camera's plane finite
constexpr float kSmallestSpread = 1e-9f;     // metres; keeps a depth without noise finite

/// SolverOptions, and the camera's focal length; problem.py gives meaning and unit of each.
struct Settings {
  double confidence;
  float focal_px;
  float threshold_px, threshold_m;
  float depth_noise, depth_weight, coordinate_noise;
  float error_clamp_px, minimum_depth_m;
  float kernel;
  float mode_distance_m, mode_angle_deg, second_best_ratio;
  int first_samples, round_samples, maximum_samples, test_cells;
  int scored, refined, local_cells, local_steps, final_steps;
};

/// One cell: where it is seen, and the point that the network gave it.
struct Cell {
  Vector3<float> point;  // metres, map frame
  float ray_x, ray_y;    // where z = 1
  float weight;          // how much it counts, unitless
  float depth;           // metres along z, 0 where unknown
  float px_per_m;        // of a metre of depth in the errors, 0 where unknown
  float depth_px;        // of a metre of depth in the residuals, 0 where unknown
};

/// Return the standard deviation (m) of a sensor's depth (m).
__host__ __device__ inline float depth_deviation(float depth, const Settings& settings) {
  return settings.depth_noise * depth * depth;
}

/// Return the largest error of depth (m) of an inlier at a depth (m).
__host__ __device__ inline float distance_bound(float depth, const Settings& settings) {
  const float three_sigma = 3 * depth_deviation(depth, settings);
  return sqrt(settings.threshold_m * settings.threshold_m + three_sigma * three_sigma);
}

/// Lay out one cell; a depth (m) that is not finite or too small is unknown.
__host__ __device__ inline Cell make_cell(Vector3<float> point, float ray_x, float ray_y,
                                          float weight, float depth, const Settings& settings) {
  Cell cell{point, ray_x, ray_y, weight, 0, 0, 0};
  if (depth > settings.minimum_depth_m && isfinite(depth)) {
    const float own = settings.coordinate_noise * depth, sensor = depth_deviation(depth, settings);
    cell.depth = depth;
    cell.px_per_m = settings.threshold_px / distance_bound(depth, settings);
    // one pixel is what a coordinate's own noise makes of a pixel at that depth
    cell.depth_px = settings.coordinate_noise * settings.focal_px /
                    at_least(sqrt(own * own + sensor * sensor), kSmallestSpread);
  }
  return cell;
}

/// Return the squared error (px^2) of a cell whose point is seen at (m), clamped.
__host__ __device__ inline float squared_error(Vector3<float> seen, const Cell& cell,
                                               const Settings& settings) {
  const float clamp = settings.error_clamp_px * settings.error_clamp_px;
  if (!(seen.z >= settings.minimum_depth_m)) {
    return clamp;
  }
  const float u = seen.x / seen.z - cell.ray_x, v = seen.y / seen.z - cell.ray_y;
  const float d = (seen.z - cell.depth) * cell.px_per_m;
  const float across = (u * u + v * v) * settings.focal_px * settings.focal_px;
  const float squared = at_least(across, d * d);
  return squared < clamp ? squared : clamp;  // NaN has the clamp
}

/// Return whether a squared error (px^2) is that of an inlier.
__host__ __device__ inline bool is_inlier(float squared, const Settings& settings) {
  return squared < settings.threshold_px * settings.threshold_px;
}

/// Return how much of an inlier a squared error (px^2) is: a sigmoid with slope 5 / threshold.
///
/// Brachmann and Rother, DSAC*, TPAMI 2021, eq. 8.
__host__ __device__ inline float soft_inlier(float squared, const Settings& settings) {
  return 1 / (1 + exp(sqrt(squared) * (5 / settings.threshold_px) - 5));
}

/// Rows of the residuals u, v (of the plane z = 1) and d (px): derivatives, then the residual.
struct ResidualRows {
  float u[kColumns], v[kColumns], d[kColumns];
};

/// Return the rows of a cell seen at (m), by the twist of exp(twist) pose, unscaled.
__host__ __device__ inline ResidualRows residual_rows(Vector3<float> seen, const Cell& cell) {
  const float z = fabs(seen.z) < kSmallestDepth ? kSmallestDepth : seen.z;
  const float i = 1 / z, a = seen.x * i, b = seen.y * i, s = cell.depth_px;
  return {{i, 0, -a * i, -a * b, 1 + a * a, -b, a - cell.ray_x},
          {0, i, -b * i, -1 - b * b, a * b, a, b - cell.ray_y},
          {0, 0, s, seen.y * s, -seen.x * s, 0, (seen.z - cell.depth) * s}};
}

}  // namespace scene_reloc
