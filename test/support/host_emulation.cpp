// Copyright 2026 scene_reloc_ros maintainers
// SPDX-License-Identifier: Apache-2.0
//
// The kernels' headers built for the host: their functions one by one, and whole kernels with
// teams of one or of several threads. host_emulation.py loads it.
#include <pthread.h>

#include <cstring>
#include <thread>
#include <vector>

#include "finish.cuh"
#include "hypotheses.cuh"

namespace {

using namespace scene_reloc;  // NOLINT: a test of all of it

constexpr int kMostRanks = 8;
constexpr int kMostTotals = kSums;

/// A team of threads, to see that bodies wait for each other where they have to.
class Crew {
 public:
  using Partial = float;

  struct Desk {
    explicit Desk(int ranks) { pthread_barrier_init(&barrier, nullptr, unsigned(ranks)); }
    ~Desk() { pthread_barrier_destroy(&barrier); }
    pthread_barrier_t barrier;
    double values[kMostRanks][kMostTotals];
  };

  Crew(Desk& desk, int rank, int size) : desk_(&desk), rank_(rank), size_(size) {}

  int rank() const { return rank_; }
  int size() const { return size_; }
  void sync() const { pthread_barrier_wait(&desk_->barrier); }

  template <typename Operation, int N, typename Real>
  void reduce(const Real (&own)[N], double* totals) const {
    for (int i = 0; i < N; ++i) {
      desk_->values[rank_][i] = own[i];
    }
    sync();
    for (int i = rank_; i < N; i += size_) {
      double total = Operation::kNeutral;
      for (int rank = 0; rank < size_; ++rank) {
        total = Operation::of(total, desk_->values[rank][i]);
      }
      totals[i] = total;
    }
    sync();
  }

  double before(double value, double& total) const {
    desk_->values[rank_][0] = value;
    sync();
    double earlier = 0;
    total = 0;
    for (int rank = 0; rank < size_; ++rank) {
      earlier += rank < rank_ ? desk_->values[rank][0] : 0;
      total += desk_->values[rank][0];
    }
    sync();
    return earlier;
  }

 private:
  Desk* desk_;
  int rank_, size_;
};

/// What a block shares.
struct SharedMemory {
  double totals[kSums];
  Progress progress;
  Refinement refinement;
};

struct Launch {
  const char* kernel;
  Inputs inputs;
  const Workspace* workspace;
  int round;
};

template <class Team>
void run_block(const Team& team, SharedMemory& shared, const Launch& launch, int block) {
  const Workspace& w = *launch.workspace;
  const auto is = [&](const char* name) { return std::strcmp(launch.kernel, name) == 0; };
  if (is("prepare_query")) {
    prepare(team, shared.totals, launch.inputs, w);
  } else if (is("generate_hypotheses")) {
    generate(team, shared.progress, w, launch.round, block);
  } else if (is("select_hypotheses")) {
    scene_reloc::select(team, w, launch.round);
  } else if (is("compare_hypotheses")) {
    compare(team, shared.totals, w, launch.round, block);
  } else if (is("refine_hypotheses")) {
    refine(team, shared.refinement, w, launch.round, block);
  } else if (is("finish_pose")) {
    finish(team, shared.refinement, w);
  }
}

template <typename Pointer>
Vector3<double> vector_at(const Pointer* values, int i) {
  return {values[3 * i], values[3 * i + 1], values[3 * i + 2]};
}

Pose<double> pose_at(const double* values) {
  return {{vector_at(values, 0), vector_at(values, 1), vector_at(values, 2)},
          vector_at(values, 3)};
}

void write_pose(const Pose<double>& pose, double* values) { std::memcpy(values, &pose, 96); }

}  // namespace

extern "C" {

int size_of_settings() { return int(sizeof(Settings)); }
int size_of_workspace() { return int(sizeof(Workspace)); }
int size_of_result() { return int(sizeof(Result)); }
int size_of_state() { return int(sizeof(State)); }
int size_of_refined() { return int(sizeof(Refined)); }

/// Write the poses (4, 12) of three rays (3, 3) and points (3, 3); return how many.
int p3p(const double* rays, const double* points, double* poses) {
  Vector3<double> r[3], p[3], depths[kSolutions];
  for (int i = 0; i < 3; ++i) {
    r[i] = vector_at(rays, i);
    p[i] = vector_at(points, i);
  }
  const ThreePoints<double> problem = three_points(r, p);
  const int candidates = candidate_depths(problem, depths);
  int count = 0;
  for (int i = 0; i < candidates; ++i) {
    Pose<double> pose;
    if (pose_of_depths(problem, depths[i], pose)) {
      write_pose(pose, poses + 12 * count++);
    }
  }
  return count;
}

int kabsch(const double* from, const double* to, double* pose) {
  Vector3<double> a[3], b[3];
  for (int i = 0; i < 3; ++i) {
    a[i] = vector_at(from, i);
    b[i] = vector_at(to, i);
  }
  Pose<double> found;
  const bool regular = align_triangles(a, b, found);
  write_pose(found, pose);
  return regular;
}

double sides_differ(const double* a, const double* b) {
  const Vector3<double> one[3] = {vector_at(a, 0), vector_at(a, 1), vector_at(a, 2)};
  const Vector3<double> other[3] = {vector_at(b, 0), vector_at(b, 1), vector_at(b, 2)};
  return side_difference(one, other);
}

void exponential(const double* twist, double* pose) { write_pose(se3_exp(twist), pose); }

void step(const double* sums, double* twist) { solve_step(sums, twist); }

void next_scales(const double* sums, double* scales) {
  const Scales next = updated_scales({scales[0], scales[1]}, sums);
  scales[0] = next.px;
  scales[1] = next.depth;
}

/// Write squared errors (px^2), soft scores and residual rows (3, 7) of N cells.
void judge_cells(const Settings* settings, const Inputs* inputs, int count, const double* pose,
                 float* squared, float* soft, float* rows) {
  for (int i = 0; i < count; ++i) {
    const Cell cell = given_cell(*inputs, i, *settings);
    const Vector3<float> seen = seen_from(pose_at(pose), cell);
    squared[i] = squared_error(seen, cell, *settings);
    soft[i] = soft_inlier(squared[i], *settings);
    const ResidualRows found = residual_rows(seen, cell);
    std::memcpy(rows + 21 * i, &found, sizeof found);
  }
}

/// Write the sums of the normal equations of N cells that are all usable.
void equations(const Settings* settings, const Inputs* inputs, int count, const double* pose,
               const double* scales, double* sums) {
  std::vector<float> rows(std::size_t(kCellRows) * std::size_t(count));
  for (int i = 0; i < count; ++i) {
    store_cell(given_cell(*inputs, i, *settings), rows.data(), count, i);
  }
  Refinement shared;
  begin(shared, pose_at(pose), *settings);
  shared.scales = {scales[0], scales[1]};
  sum_equations(Solo(), shared, {rows.data(), count, count, nullptr}, *settings);
  std::memcpy(sums, shared.totals, sizeof shared.totals);
}

int needed(const Settings* settings, double ratio) { return samples_needed(ratio, *settings); }

/// Run a kernel with teams of some ranks; one rank is a team without threads.
void run_kernel(const char* kernel, int blocks, int threads, int ranks, const Inputs* inputs,
                const Workspace* workspace, int round) {
  const Launch launch{kernel, *inputs, workspace, round};
  SharedMemory shared;
  // a kernel of one rank a slot has as many blocks more as its blocks are smaller
  const bool by_rank = std::strcmp(kernel, "generate_hypotheses") == 0;
  const int all = by_rank ? (blocks * threads + ranks - 1) / ranks : blocks;
  if (ranks == 1) {
    for (int block = 0; block < all; ++block) {
      run_block(Solo(), shared, launch, block);
    }
    return;
  }
  Crew::Desk desk(ranks);
  const auto work = [&](int rank) {
    const Crew crew(desk, rank, ranks);
    for (int block = 0; block < all; ++block) {
      run_block(crew, shared, launch, block);
      crew.sync();
    }
  };
  std::vector<std::thread> crew;
  for (int rank = 0; rank < ranks; ++rank) {
    crew.emplace_back(work, rank);
  }
  for (std::thread& thread : crew) {
    thread.join();
  }
}

}  // extern "C"
