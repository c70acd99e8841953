// Copyright 2026 scene_reloc_ros maintainers
// SPDX-License-Identifier: Apache-2.0
//
// Perspective three-point: camera poses from three rays and the points they see.
//
// The law of cosines gives three quadratic forms in the depths; the pencil of two of their
// combinations holds a degenerate conic, a pair of planes, on which the remaining problem is a
// quadratic (Persson and Nordberg, "Lambda Twist", ECCV 2018, eqs. 6-16). The planes are split at
// their common line, the conic's pole (Ding et al., "Revisiting the P3P Problem", CVPR 2023,
// section 3.2), and parametrised by an orthonormal basis, which needs no pivot among the depths.
#pragma once

#include "kabsch.cuh"

namespace scene_reloc {

constexpr int kSolutions = 4;            // most poses of three points
constexpr double kDoubleRoot = 1e-10;    // a discriminant this far below zero is a double root
constexpr double kThirdTurn = 2.0943951023931953;  // rad
constexpr double kLongestPolish = 0.01;  // of a Newton step's square, of the depths' square

/// A symmetric 3x3 form.
template <typename Real>
struct Form {
  Real m00, m01, m02, m11, m12, m22;
};

/// Return scale * (a + factor * b).
template <typename Real>
__host__ __device__ inline Form<Real> combined(const Form<Real>& a, Real factor,
                                               const Form<Real>& b, Real scale) {
  return {scale * (a.m00 + factor * b.m00), scale * (a.m01 + factor * b.m01),
          scale * (a.m02 + factor * b.m02), scale * (a.m11 + factor * b.m11),
          scale * (a.m12 + factor * b.m12), scale * (a.m22 + factor * b.m22)};
}

template <typename Real>
__host__ __device__ inline Form<Real> adjugate(const Form<Real>& f) {
  return {f.m11 * f.m22 - f.m12 * f.m12, f.m02 * f.m12 - f.m01 * f.m22,
          f.m01 * f.m12 - f.m02 * f.m11, f.m00 * f.m22 - f.m02 * f.m02,
          f.m01 * f.m02 - f.m00 * f.m12, f.m00 * f.m11 - f.m01 * f.m01};
}

/// Return the trace of the product.
template <typename Real>
__host__ __device__ inline Real contract(const Form<Real>& a, const Form<Real>& b) {
  return a.m00 * b.m00 + a.m11 * b.m11 + a.m22 * b.m22 +
         2 * (a.m01 * b.m01 + a.m02 * b.m02 + a.m12 * b.m12);
}

template <typename Real>
__host__ __device__ inline Vector3<Real> apply(const Form<Real>& f, Vector3<Real> v) {
  return {f.m00 * v.x + f.m01 * v.y + f.m02 * v.z, f.m01 * v.x + f.m11 * v.y + f.m12 * v.z,
          f.m02 * v.x + f.m12 * v.y + f.m22 * v.z};
}

/// Return one real root of g^3 + b g^2 + c g + d: Cardano, or the best conditioned of three.
template <typename Real>
__host__ __device__ inline Real cubic_root(Real b, Real c, Real d) {
  const Real p = c - b * b / 3, q = b * (b * b * (Real(2) / 27) - c / 3) + d;
  const Real discriminant = q * q / 4 + p * p * p / 27;
  if (discriminant > 0) {
    // the larger of the two cube roots first, the other from their product -p/3
    const Real cube = cbrt(-q / 2 - copysign(sqrt(discriminant), q));
    return cube - p / (3 * (fabs(cube) < Real(kTiny) ? Real(kTiny) : cube)) - b / 3;
  }
  const Real radius = sqrt(at_least(-p / 3, Real(kTiny)));
  const Real cosine = -q / 2 / (radius * radius * radius);
  const Real angle = acos(cosine < -1 ? Real(-1) : cosine > 1 ? Real(1) : cosine) / 3;
  return 2 * radius * cos(q > 0 ? angle + Real(kThirdTurn) : angle) - b / 3;
}

/// Return a root g of det(first + g second) = 0, polished by two Newton steps.
template <typename Real>
__host__ __device__ inline Real pencil_root(const Form<Real>& first, const Form<Real>& second) {
  const Form<Real> adjugate_first = adjugate(first), adjugate_second = adjugate(second);
  const Real c0 = contract(adjugate_first, first) / 3;
  const Real c1 = contract(adjugate_first, second), c2 = contract(adjugate_second, first);
  Real c3 = contract(adjugate_second, second) / 3;
  c3 = fabs(c3) < Real(kTiny) ? Real(kTiny) : c3;
  Real gamma = cubic_root(c2 / c3, c1 / c3, c0 / c3);
  for (int i = 0; i < 2; ++i) {
    const Real value = ((c3 * gamma + c2) * gamma + c1) * gamma + c0;
    const Real slope = (3 * c3 * gamma + 2 * c2) * gamma + c1;
    gamma -= fabs(slope) < Real(kTiny) ? Real(0) : value / slope;
  }
  return gamma;
}

/// Split a degenerate form into the normals of two planes; false where they are not real.
///
/// A form l m^T + m l^T has the adjugate -(l x m)(l x m)^T; adding the cross-product matrix of
/// l x m leaves the rank-one matrix 2 l m^T, whose rows and columns are the normals.
template <typename Real>
__host__ __device__ inline bool split_planes(const Form<Real>& f, Vector3<Real> normals[2]) {
  const Form<Real> a = adjugate(f);
  Real pivot = -a.m00;
  Vector3<Real> pole{-a.m00, -a.m01, -a.m02};
  if (-a.m11 > pivot) {
    pivot = -a.m11;
    pole = {-a.m01, -a.m11, -a.m12};
  }
  if (-a.m22 > pivot) {
    pivot = -a.m22;
    pole = {-a.m02, -a.m12, -a.m22};
  }
  pole = (1 / sqrt(at_least(pivot, Real(kTiny * kTiny)))) * pole;
  const Real m[3][3] = {{f.m00, f.m01 - pole.z, f.m02 + pole.y},
                        {f.m01 + pole.z, f.m11, f.m12 - pole.x},
                        {f.m02 - pole.y, f.m12 + pole.x, f.m22}};
  Real largest = -1;
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) {
      const bool better = fabs(m[i][j]) > largest;
      largest = better ? fabs(m[i][j]) : largest;
      normals[0] = better ? Vector3<Real>{m[i][0], m[i][1], m[i][2]} : normals[0];
      normals[1] = better ? Vector3<Real>{m[0][j], m[1][j], m[2][j]} : normals[1];
    }
  }
  return pivot > 0;
}

/// Find the two directions d in a plane with d^T form d = 0; false where they are not real.
template <typename Real>
__host__ __device__ inline bool directions_in_plane(Vector3<Real> normal, const Form<Real>& form,
                                                    Vector3<Real> directions[2]) {
  const Vector3<Real> n = unit(normal);
  // an orthonormal basis without a branch at the pole but its sign (Duff et al., JCGT 2017)
  const Real sign = copysign(Real(1), n.z), lean = -1 / (sign + n.z), shared = n.x * n.y * lean;
  const Vector3<Real> u{1 + sign * n.x * n.x * lean, sign * shared, -sign * n.x};
  const Vector3<Real> v{shared, sign + n.y * n.y * lean, -n.y};
  const Vector3<Real> form_v = apply(form, v);
  const Real a = dot(u, apply(form, u)), b = dot(u, form_v), c = dot(v, form_v);
  const Real discriminant = b * b - a * c;
  // q^2 - 2 b q + a c = 0 in its stable form: the roots are (q : a) and (c : q)
  const Real q = -(b + copysign(sqrt(discriminant > 0 ? discriminant : Real(0)), b));
  directions[0] = q * u + a * v;
  directions[1] = c * u + q * v;
  return discriminant > -Real(kDoubleRoot) * (b * b + fabs(a * c));
}

/// Three unit rays, three points (m), and what the law of cosines makes of them.
template <typename Real>
struct ThreePoints {
  Vector3<Real> rays[3];
  Vector3<Real> points[3];
  Vector3<Real> cosines;  // between the rays 12, 13, 23
  Vector3<Real> squares;  // of the sides 12, 13, 23, m^2
};

template <typename Real>
__host__ __device__ inline ThreePoints<Real> three_points(const Vector3<Real> rays[3],
                                                          const Vector3<Real> points[3]) {
  ThreePoints<Real> problem;
  for (int i = 0; i < 3; ++i) {
    problem.rays[i] = unit(rays[i]);
    problem.points[i] = points[i];
  }
  const Vector3<Real> s12 = points[0] - points[1], s13 = points[0] - points[2],
                      s23 = points[1] - points[2];
  problem.cosines = {dot(problem.rays[0], problem.rays[1]), dot(problem.rays[0], problem.rays[2]),
                     dot(problem.rays[1], problem.rays[2])};
  problem.squares = {dot(s12, s12), dot(s13, s13), dot(s23, s23)};
  return problem;
}

/// Scale a direction to depths (m) of three points; false where one would lie behind the camera.
template <typename Real>
__host__ __device__ inline bool scale_to_depths(const ThreePoints<Real>& problem,
                                                Vector3<Real>& d) {
  const Vector3<Real> c = problem.cosines;
  const Real total = problem.squares.x + problem.squares.y + problem.squares.z;
  // the sum of the three forms is positive definite: it fixes the scale
  const Real form = 2 * (dot(d, d) - c.x * d.x * d.y - c.y * d.x * d.z - c.z * d.y * d.z);
  d = copysign(sqrt(total / at_least(form, Real(kTiny))), d.x + d.y + d.z) * d;
  return form > Real(kTiny) && total > Real(kTiny) && d.x > 0 && d.y > 0 && d.z > 0;
}

/// Find the depths (m) of up to four solutions and return how many there are.
template <typename Real>
__host__ __device__ inline int candidate_depths(const ThreePoints<Real>& problem,
                                                Vector3<Real> depths[kSolutions]) {
  const Real total = problem.squares.x + problem.squares.y + problem.squares.z;
  const Vector3<Real> a = (1 / at_least(total, Real(kTiny))) * problem.squares;
  const Vector3<Real> c = problem.cosines;
  // M12 a23 - M23 a12 and M13 a23 - M23 a13
  const Form<Real> first{a.z, -a.z * c.x, 0, a.z - a.x, a.x * c.z, -a.x};
  const Form<Real> second{a.z, 0, -a.z * c.y, -a.y, a.y * c.z, a.z - a.y};
  const Real gamma = pencil_root(first, second), size = 1 / sqrt(1 + gamma * gamma);
  Vector3<Real> normals[2], pairs[2][2];
  if (!split_planes(combined(first, gamma, second, size), normals)) {
    return 0;
  }
  const Form<Real> across = combined(second, -gamma, first, size);
  const bool real[2] = {directions_in_plane(normals[0], across, pairs[0]),
                        directions_in_plane(normals[1], across, pairs[1])};
  int count = 0;
  for (int root = 0; root < 2; ++root) {
    for (int plane = 0; plane < 2; ++plane) {
      Vector3<Real> candidate = pairs[plane][root];
      if (real[plane] && scale_to_depths(problem, candidate)) {
        depths[count++] = candidate;
      }
    }
  }
  return count;
}

/// Polish depths (m) by two Newton steps on the three distance equations.
template <typename Real>
__host__ __device__ inline Vector3<Real> polished(const ThreePoints<Real>& problem,
                                                  Vector3<Real> d) {
  const Vector3<Real> c = problem.cosines, s = problem.squares;
  for (int i = 0; i < 2; ++i) {
    // each equation's residual and its derivatives, halved, by the two depths it knows
    const Real g12 = d.x - c.x * d.y, g13 = d.x - c.y * d.z, g23 = d.y - c.z * d.z;
    const Real h12 = d.y - c.x * d.x, h13 = d.z - c.y * d.x, h23 = d.z - c.z * d.y;
    const Real r1 = (d.x * g12 + d.y * h12 - s.x) / 2;
    const Real r2 = (d.x * g13 + d.z * h13 - s.y) / 2;
    const Real r3 = (d.y * g23 + d.z * h23 - s.z) / 2;
    // Cramer's rule on the rows (g12, h12, 0), (g13, 0, h13), (0, g23, h23)
    const Vector3<Real> step = (1 / (g12 * h13 * g23 + h12 * g13 * h23)) *
        Vector3<Real>{r1 * h13 * g23 + h12 * (r2 * h23 - h13 * r3),
                      g12 * (h13 * r3 - r2 * h23) + r1 * g13 * h23,
                      h12 * g13 * r3 + g12 * r2 * g23 - r1 * g13 * g23};
    if (dot(step, step) < Real(kLongestPolish) * dot(d, d)) {  // false where it is NaN
      d = d - step;
    }
  }
  return d;
}

/// Find cam_from_map of a candidate's depths (m); false where it is none.
template <typename Real>
__host__ __device__ inline bool pose_of_depths(const ThreePoints<Real>& problem,
                                               Vector3<Real> candidate, Pose<Real>& pose) {
  const Vector3<Real> d = polished(problem, candidate);
  const Vector3<Real> seen[3] = {d.x * problem.rays[0], d.y * problem.rays[1],
                                 d.z * problem.rays[2]};
  return align_triangles(problem.points, seen, pose) && d.x > 0 && d.y > 0 && d.z > 0;
}

}  // namespace scene_reloc
