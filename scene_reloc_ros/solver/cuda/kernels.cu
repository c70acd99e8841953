// Copyright 2026 scene_reloc_ros maintainers
// SPDX-License-Identifier: Apache-2.0
//
// Entries of the kernels: their bodies are in the headers, their order and blocks in launch.py.
// Every kernel takes its settings and buffers from a Workspace in device memory. Bounds of one
// block on a multiprocessor let a thread have the registers that it needs.
#include "finish.cuh"
#include "hypotheses.cuh"

namespace reloc = scene_reloc;

extern "C" __global__ __launch_bounds__(512, 1) void prepare_query(
    const float* rays, const float* points, const float* depths, const float* weights,
    const reloc::Workspace* workspace) {
  __shared__ reloc::Block::Scratch scratch;
  __shared__ double totals[reloc::kExtents];
  reloc::prepare(reloc::Block(scratch), totals, {rays, points, depths, weights}, *workspace);
}

extern "C" __global__ __launch_bounds__(64, 1) void generate_hypotheses(
    const reloc::Workspace* workspace, int round) {
  __shared__ reloc::Block::Scratch scratch;
  __shared__ reloc::Progress progress;
  reloc::generate(reloc::Block(scratch), progress, *workspace, round, int(blockIdx.x));
}

extern "C" __global__ __launch_bounds__(512, 1) void select_hypotheses(
    const reloc::Workspace* workspace, int round) {
  __shared__ reloc::Block::Scratch scratch;
  reloc::select(reloc::Block(scratch), *workspace, round);
}

extern "C" __global__ __launch_bounds__(128, 1) void compare_hypotheses(
    const reloc::Workspace* workspace, int round) {
  __shared__ reloc::Block::Scratch scratch;
  __shared__ double totals[reloc::kScores];
  reloc::compare(reloc::Block(scratch), totals, *workspace, round, int(blockIdx.x));
}

extern "C" __global__ __launch_bounds__(256, 1) void refine_hypotheses(
    const reloc::Workspace* workspace, int round) {
  __shared__ reloc::Block::Scratch scratch;
  __shared__ reloc::Refinement shared;
  reloc::refine(reloc::Block(scratch), shared, *workspace, round, int(blockIdx.x));
}

extern "C" __global__ __launch_bounds__(512, 1) void finish_pose(
    const reloc::Workspace* workspace) {
  __shared__ reloc::Block::Scratch scratch;
  __shared__ reloc::Refinement shared;
  reloc::finish(reloc::Block(scratch), shared, *workspace);
}
