// Copyright 2026 scene_reloc_ros maintainers
// SPDX-License-Identifier: Apache-2.0
//
// Vectors and rigid poses of one thread. Poses are a_from_b, in metres; built by nvcc, NVRTC and
// any host compiler.
#pragma once

#ifndef __CUDACC__
#include <math.h>
#define __host__
#define __device__
#endif

namespace scene_reloc {

constexpr double kTiny = 1e-14;               // smallest divisor, of whatever it divides
constexpr double kSmallAngleSquared = 1e-8;   // rad^2; below it a series replaces the quotient

template <typename Real>
struct Vector3 {
  Real x, y, z;
};

template <typename Real>
__host__ __device__ inline Vector3<Real> operator+(Vector3<Real> a, Vector3<Real> b) {
  return {a.x + b.x, a.y + b.y, a.z + b.z};
}

template <typename Real>
__host__ __device__ inline Vector3<Real> operator-(Vector3<Real> a, Vector3<Real> b) {
  return {a.x - b.x, a.y - b.y, a.z - b.z};
}

template <typename Real>
__host__ __device__ inline Vector3<Real> operator*(Real scale, Vector3<Real> a) {
  return {scale * a.x, scale * a.y, scale * a.z};
}

template <typename Real>
__host__ __device__ inline Real dot(Vector3<Real> a, Vector3<Real> b) {
  return a.x * b.x + a.y * b.y + a.z * b.z;
}

template <typename Real>
__host__ __device__ inline Vector3<Real> cross(Vector3<Real> a, Vector3<Real> b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

template <typename Real>
__host__ __device__ inline Real at_least(Real value, Real bound) {
  return value < bound ? bound : value;  // NaN stays NaN
}

/// A vector of length one; nothing but finite where the input is zero.
template <typename Real>
__host__ __device__ inline Vector3<Real> unit(Vector3<Real> a) {
  return (1 / at_least(sqrt(dot(a, a)), Real(kTiny))) * a;
}

/// A rigid motion: rotation by rows, then translation in metres.
template <typename Real>
struct Pose {
  Vector3<Real> row[3];
  Vector3<Real> translation;
};

/// Return a point (m) of frame b in frame a.
template <typename Real>
__host__ __device__ inline Vector3<Real> transform(const Pose<Real>& a_from_b, Vector3<Real> b) {
  return Vector3<Real>{dot(a_from_b.row[0], b), dot(a_from_b.row[1], b), dot(a_from_b.row[2], b)} +
         a_from_b.translation;
}

template <typename To, typename From>
__host__ __device__ inline Vector3<To> cast(Vector3<From> a) {
  return {To(a.x), To(a.y), To(a.z)};
}

template <typename To, typename From>
__host__ __device__ inline Pose<To> cast(const Pose<From>& pose) {
  return {{cast<To>(pose.row[0]), cast<To>(pose.row[1]), cast<To>(pose.row[2])},
          cast<To>(pose.translation)};
}

/// Return left * right.
template <typename Real>
__host__ __device__ inline Pose<Real> compose(const Pose<Real>& left, const Pose<Real>& right) {
  Pose<Real> product;
  for (int i = 0; i < 3; ++i) {
    const Vector3<Real> r = left.row[i];
    product.row[i] = r.x * right.row[0] + r.y * right.row[1] + r.z * right.row[2];
  }
  product.translation = transform(left, right.translation);
  return product;
}

/// Return where (m) the camera of cam_from_map is in the map.
template <typename Real>
__host__ __device__ inline Vector3<Real> camera_centre(const Pose<Real>& cam_from_map) {
  const Vector3<Real> t = cam_from_map.translation;
  return (-t.x) * cam_from_map.row[0] - t.y * cam_from_map.row[1] - t.z * cam_from_map.row[2];
}

/// Exponential of a twist: translation part v in metres, then rotation vector w in radians.
///
/// Rodrigues' formula, R = I + A W + B W^2 and t = v + B W v + C W^2 v with A = sin(a)/a,
/// B = (1 - cos a)/a^2, C = (a - sin a)/a^3. Frame: the pose's left side.
template <typename Real>
__host__ __device__ inline Pose<Real> se3_exp(const Real twist[6]) {
  const Vector3<Real> v{twist[0], twist[1], twist[2]}, w{twist[3], twist[4], twist[5]};
  const Real squared = dot(w, w), angle = sqrt(squared);
  const bool small = squared < Real(kSmallAngleSquared);
  const Real half = small ? Real(1) - squared / 24 : sin(angle / 2) / (angle / 2);
  const Real a = small ? Real(1) - squared / 6 : sin(angle) / angle;
  const Real b = half * half / 2;
  const Real c = small ? Real(1) / 6 - squared / 120 : (1 - a) / squared;
  const Real diagonal = 1 - b * squared;
  Pose<Real> pose;
  pose.row[0] = {diagonal + b * w.x * w.x, b * w.x * w.y - a * w.z, b * w.x * w.z + a * w.y};
  pose.row[1] = {b * w.x * w.y + a * w.z, diagonal + b * w.y * w.y, b * w.y * w.z - a * w.x};
  pose.row[2] = {b * w.x * w.z - a * w.y, b * w.y * w.z + a * w.x, diagonal + b * w.z * w.z};
  const Vector3<Real> turned = cross(w, v);
  pose.translation = v + b * turned + c * cross(w, turned);
  return pose;
}

}  // namespace scene_reloc
