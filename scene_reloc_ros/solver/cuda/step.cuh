// Copyright 2026 scene_reloc_ros maintainers
// SPDX-License-Identifier: Apache-2.0
//
// One reweighted Gauss-Newton step: normal equations of a cell, their solution, and the scales.
//
// Residuals are taken as Student's t, whose maximum-likelihood scale comes from the weighted sums
// that a step needs anyway (Lange, Little and Taylor, 1989).
#pragma once

#include "residual.cuh"

namespace scene_reloc {

constexpr int kTriangle = kParameters * (kParameters + 1) / 2;  // entries of J^T W J, by rows
constexpr int kGradient = kTriangle;                            // J^T W r begins here
constexpr int kSquares = kGradient + kParameters;  // weighted squares of u and v, then of d
constexpr int kCounts = kSquares + 2;              // weights of the residuals u and v, then of d
constexpr int kSums = kCounts + 2;
constexpr double kDamping = 1e-9;    // of the diagonal: keeps a pose without cells regular
constexpr double kConverged = 1e-6;  // norm of a step (m, rad) that changes nothing any more
constexpr double kSmallestScale = 1e-3;  // pixels; noise-free input must not end the kernel

/// Standard deviations of the residuals, pixels.
struct Scales {
  double px;     // of u and v
  double depth;  // of d, in the pixels of Cell::depth_px
};

/// Add weight * row^T row to the triangle and the gradient, and return weight * residual^2.
template <typename Real>
__host__ __device__ inline Real add_row(const float row[kColumns], float weight,
                                        Real sums[kSums]) {
  int entry = 0;
  for (int i = 0; i < kParameters; ++i) {
    const float scaled = weight * row[i];
    for (int j = i; j < kParameters; ++j) {
      sums[entry++] += scaled * row[j];
    }
    sums[kGradient + i] += scaled * row[kParameters];
  }
  return weight * row[kParameters] * row[kParameters];
}

/// Return the weight (nu + k) / (nu + r^2) of the whitened squares of k residuals, nu = kernel^2.
__host__ __device__ inline float robust_weight(float squared, int residuals,
                                               const Settings& settings) {
  const float freedom = settings.kernel * settings.kernel;
  return (freedom + residuals) / (freedom + squared);
}

/// Add an inlier seen at (m) to the sums; residuals are whitened by the scales.
///
/// The kernels of pixels and of depth are separate: a depth that is off says little of a pixel.
template <typename Real>
__host__ __device__ inline void add_inlier(Vector3<float> seen, const Cell& cell, Scales scales,
                                           const Settings& settings, Real sums[kSums]) {
  const ResidualRows rows = residual_rows(seen, cell);
  const float px = settings.focal_px / float(scales.px), metres = 1 / float(scales.depth);
  const float u = rows.u[kParameters] * px, v = rows.v[kParameters] * px;
  const float of_pixels = cell.weight * px * px * robust_weight(u * u + v * v, 2, settings);
  sums[kSquares] += add_row(rows.u, of_pixels, sums);
  sums[kSquares] += add_row(rows.v, of_pixels, sums);
  sums[kCounts] += 2 * cell.weight;
  if (cell.depth_px > 0) {
    const float d = rows.d[kParameters] * metres;
    const float weight = cell.weight * settings.depth_weight;
    const float of_depth = weight * metres * metres * robust_weight(d * d, 1, settings);
    sums[kSquares + 1] += add_row(rows.d, of_depth, sums);
    sums[kCounts + 1] += weight;
  }
}

/// Return the scale (px) that weighted squares ask for.
__host__ __device__ inline double updated_scale(double scale, double squares, double count) {
  const double ratio = count > 0 ? squares / at_least(count, 1.0) : 1.0;
  return at_least(scale * sqrt(ratio), kSmallestScale);
}

__host__ __device__ inline Scales updated_scales(Scales scales, const double sums[kSums]) {
  return {updated_scale(scales.px, sums[kSquares], sums[kCounts]),
          updated_scale(scales.depth, sums[kSquares + 1], sums[kCounts + 1])};
}

/// Replace the lower triangle of a symmetric matrix by its Cholesky factor; false: not positive.
__host__ __device__ inline bool factorise(double matrix[kParameters][kParameters]) {
  for (int j = 0; j < kParameters; ++j) {
    for (int i = j; i < kParameters; ++i) {
      double value = matrix[i][j];
      for (int k = 0; k < j; ++k) {
        value -= matrix[i][k] * matrix[j][k];
      }
      if (i == j && !(value > 0)) {
        return false;
      }
      matrix[i][j] = i == j ? sqrt(value) : value / matrix[j][j];
    }
  }
  return true;
}

/// Solve L L^T x = b in place.
__host__ __device__ inline void substitute(const double factor[kParameters][kParameters],
                                           double x[kParameters]) {
  for (int i = 0; i < kParameters; ++i) {
    for (int k = 0; k < i; ++k) {
      x[i] -= factor[i][k] * x[k];
    }
    x[i] /= factor[i][i];
  }
  for (int i = kParameters - 1; i >= 0; --i) {
    for (int k = i + 1; k < kParameters; ++k) {
      x[i] -= factor[k][i] * x[k];
    }
    x[i] /= factor[i][i];
  }
}

/// Find the twist of a Gauss-Newton step; zero where the equations are singular or not finite.
__host__ __device__ inline void solve_step(const double sums[kSums], double twist[kParameters]) {
  double matrix[kParameters][kParameters];
  int entry = 0;
  for (int i = 0; i < kParameters; ++i) {
    for (int j = i; j < kParameters; ++j) {
      matrix[j][i] = sums[entry++];
    }
    matrix[i][i] += kDamping * matrix[i][i] + kDamping;
    twist[i] = -sums[kGradient + i];
  }
  bool sound = factorise(matrix);
  if (sound) {
    substitute(matrix, twist);
  }
  for (int i = 0; i < kParameters; ++i) {
    sound = sound && isfinite(twist[i]);
  }
  for (int i = 0; i < kParameters; ++i) {
    twist[i] = sound ? twist[i] : 0;
  }
}

/// Move a pose and its scales by one step; return whether nothing changed any more.
__host__ __device__ inline bool advance(const double sums[kSums], Pose<double>& pose,
                                        Scales& scales) {
  double twist[kParameters], squared = 0;
  solve_step(sums, twist);
  for (int i = 0; i < kParameters; ++i) {
    squared += twist[i] * twist[i];
  }
  scales = updated_scales(scales, sums);
  pose = compose(se3_exp(twist), pose);
  return squared < kConverged * kConverged;
}

}  // namespace scene_reloc
