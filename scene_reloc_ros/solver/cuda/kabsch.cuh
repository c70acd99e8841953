// Copyright 2026 scene_reloc_ros maintainers
// SPDX-License-Identifier: Apache-2.0
//
// Three points onto three points: the rigid motion of a triangle, in closed form.
#pragma once

#include "geometry.cuh"

namespace scene_reloc {

constexpr double kFlat = 1e-9;  // smallest area of a triangle, of the square of its longest side

/// A triangle about its centre: orthonormal axes, z its normal.
template <typename Real>
struct TriangleFrame {
  Vector3<Real> centre;  // metres
  Vector3<Real> x, y, z;
  bool regular;  // it has an area, and nothing in it is NaN
};

template <typename Real>
__host__ __device__ inline TriangleFrame<Real> frame_of(const Vector3<Real> corners[3]) {
  TriangleFrame<Real> frame;
  frame.centre = (Real(1) / 3) * (corners[0] + corners[1] + corners[2]);
  const Vector3<Real> side = corners[1] - corners[0], other = corners[2] - corners[0];
  const Vector3<Real> normal = cross(side, other);
  frame.x = unit(side);
  frame.z = unit(normal);
  frame.y = cross(frame.z, frame.x);
  const Real side_squared = dot(side, side), other_squared = dot(other, other);
  const Real size = side_squared > other_squared ? side_squared : other_squared;
  // compared with >, so that an empty triangle or NaN is never regular
  frame.regular = sqrt(dot(normal, normal)) > Real(kFlat) * size;
  return frame;
}

/// Find to_from_from, the least-squares motion of one triangle (m) onto another.
///
/// The optimum of Kabsch (1976) for three points: the cross-covariance has rank two and maps one
/// triangle's plane to the other's, so normals go to normals, and what is left is the angle of a
/// planar Procrustes problem, atan2(sum of cross products, sum of dot products).
///
/// Returns whether both triangles have an area; one solution.
template <typename Real>
__host__ __device__ inline bool align_triangles(const Vector3<Real> from[3],
                                                const Vector3<Real> to[3], Pose<Real>& pose) {
  const TriangleFrame<Real> source = frame_of(from), target = frame_of(to);
  Real cosine = 0, sine = 0;
  for (int i = 0; i < 3; ++i) {
    const Vector3<Real> corner = from[i] - source.centre, aim = to[i] - target.centre;
    const Real a = dot(corner, source.x), b = dot(corner, source.y);
    const Real c = dot(aim, target.x), d = dot(aim, target.y);
    cosine += a * c + b * d;
    sine += a * d - b * c;
  }
  const Real norm = at_least(sqrt(cosine * cosine + sine * sine), Real(kTiny));
  cosine /= norm;
  sine /= norm;
  const Vector3<Real> x = cosine * target.x + sine * target.y;
  const Vector3<Real> y = cosine * target.y - sine * target.x;
  pose.row[0] = x.x * source.x + y.x * source.y + target.z.x * source.z;
  pose.row[1] = x.y * source.x + y.y * source.y + target.z.y * source.z;
  pose.row[2] = x.z * source.x + y.z * source.y + target.z.z * source.z;
  pose.translation = {0, 0, 0};
  pose.translation = target.centre - transform(pose, source.centre);
  return source.regular && target.regular;
}

/// Return how far (m) the sides of two triangles differ in length, on average halved.
///
/// No pose brings both ends of a side within a bound where its lengths differ by more than twice
/// that bound: a test that is cheaper than the pose.
template <typename Real>
__host__ __device__ inline Real side_difference(const Vector3<Real> a[3],
                                                const Vector3<Real> b[3]) {
  Real total = 0;
  for (int i = 0; i < 3; ++i) {
    const Vector3<Real> one = a[(i + 1) % 3] - a[i], other = b[(i + 1) % 3] - b[i];
    total += fabs(sqrt(dot(one, one)) - sqrt(dot(other, other)));
  }
  return total / 6;
}

}  // namespace scene_reloc
