// Copyright 2026 scene_reloc_ros maintainers
// SPDX-License-Identifier: Apache-2.0
//
// Teams: the threads that work on one hypothesis. Kernel bodies are templates over a team, so
// that the same body runs as a block of a GPU and, with a team of one, on a host.
//
// A team has rank() below size(), sync(), reduce<Operation>(own, totals), which leaves the
// totals of all ranks where all can read them, and before(value, total), the sum of the values of
// lower ranks. All of them are to be called by all ranks. Partial is what one rank adds up in.
#pragma once

#include "geometry.cuh"

namespace scene_reloc {

struct Sum {
  static constexpr double kNeutral = 0;
  __host__ __device__ static double of(double a, double b) { return a + b; }
};

struct Largest {
  static constexpr double kNeutral = -1e300;
  __host__ __device__ static double of(double a, double b) { return a > b ? a : b; }
};

/// A team of one.
class Solo {
 public:
  using Partial = double;  // one rank adds up all cells

  __host__ __device__ int rank() const { return 0; }
  __host__ __device__ int size() const { return 1; }
  __host__ __device__ void sync() const {}

  template <typename Operation, int N, typename Real>
  __host__ __device__ void reduce(const Real (&own)[N], double* totals) const {
    for (int i = 0; i < N; ++i) {
      totals[i] = own[i];
    }
  }

  __host__ __device__ double before(double value, double& total) const {
    total = value;
    return 0;
  }
};

#ifdef __CUDACC__

constexpr int kWarp = 32;                // threads
constexpr int kMostWarps = 1024 / kWarp;  // of a block
constexpr int kMostTotals = 31;          // values reduced at once
constexpr unsigned kAll = 0xffffffffu;   // lanes

/// A block of whole warps: shuffles within a warp, shared memory between them.
class Block {
 public:
  using Partial = float;  // a rank adds up few cells; ranks are added in double

  struct Scratch {
    double values[kMostWarps * kMostTotals];
  };

  __device__ explicit Block(Scratch& scratch) : scratch_(scratch.values) {}

  __device__ int rank() const { return int(threadIdx.x); }
  __device__ int size() const { return int(blockDim.x); }
  __device__ void sync() const { __syncthreads(); }

  template <typename Operation, int N, typename Real>
  __device__ void reduce(const Real (&own)[N], double* totals) const {
    static_assert(N <= kMostTotals, "the scratch memory is too small");
#pragma unroll
    for (int i = 0; i < N; ++i) {
      double value = own[i];
      for (int offset = kWarp / 2; offset > 0; offset /= 2) {
        value = Operation::of(value, __shfl_xor_sync(kAll, value, offset));
      }
      if (lane() == 0) {
        scratch_[warp() * N + i] = value;
      }
    }
    sync();
    if (rank() < N) {
      double total = Operation::kNeutral;
      for (int w = 0; w < warps(); ++w) {
        total = Operation::of(total, scratch_[w * N + rank()]);
      }
      totals[rank()] = total;
    }
    sync();
  }

  __device__ double before(double value, double& total) const {
    double up_to = value;
    for (int offset = 1; offset < kWarp; offset *= 2) {
      const double lower = __shfl_up_sync(kAll, up_to, offset);
      up_to += lane() >= offset ? lower : 0;
    }
    if (lane() == kWarp - 1) {
      scratch_[warp()] = up_to;
    }
    sync();
    double earlier = 0;
    total = 0;
    for (int w = 0; w < warps(); ++w) {
      earlier += w < warp() ? scratch_[w] : 0;
      total += scratch_[w];
    }
    sync();
    return earlier + up_to - value;
  }

 private:
  __device__ int lane() const { return rank() % kWarp; }
  __device__ int warp() const { return rank() / kWarp; }
  __device__ int warps() const { return size() / kWarp; }

  double* scratch_;
};

#endif

}  // namespace scene_reloc
