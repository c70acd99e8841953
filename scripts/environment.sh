# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The environment that the package runs in without an installed ROS 2. Source it:
#     source scripts/environment.sh && .venv/bin/scene_reloc doctor
# scripts/demo, scripts/test and the tests do. Where .venv was made beside a sourced ROS 2, only
# the domain and the discovery range are set and everything else stays as that ROS 2 has it.

scene_reloc_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
scene_reloc_venv=${SCENE_RELOC_VENV:-$scene_reloc_root/.venv}

# Print a colon-separated list without the entries that hold the file or folder $2.
scene_reloc_without() {
    local entry kept=''
    while IFS= read -r -d ':' entry; do
        if [ -n "$entry" ] && [ ! -e "$entry/$2" ]; then
            kept=${kept:+$kept:}$entry
        fi
    done <<<"$1:"
    printf '%s' "$kept"
}

# Nodes of this machine only, on a domain of their own, so that a robot on the same network does
# not hear the simulated one. SCENE_RELOC_DOMAIN_ID joins processes started from two shells.
export ROS_DOMAIN_ID=${SCENE_RELOC_DOMAIN_ID:-$(($$ % 100 + 1))}
export ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST
if [ "${ROS_DISTRO:-}" = humble ]; then
    export ROS_LOCALHOST_ONLY=1
fi

# At the default segment size best-effort images are lost between processes. Fast DDS 2 (Humble,
# Jazzy) reads the first name, Fast DDS 3 the second.
export FASTRTPS_DEFAULT_PROFILES_FILE=$scene_reloc_root/config/fastdds_shared_memory.xml
export FASTDDS_DEFAULT_PROFILES_FILE=$FASTRTPS_DEFAULT_PROFILES_FILE

if [ "$(cat "$scene_reloc_venv/ros_source" 2>/dev/null)" = machine ]; then
    export AMENT_PREFIX_PATH=$scene_reloc_venv${AMENT_PREFIX_PATH:+:$AMENT_PREFIX_PATH}
else
    # The wheels put themselves on LD_LIBRARY_PATH by running each Python twice, unless this guard
    # says that it is done; inherited from another environment it would be wrong.
    unset _ROS_WHEELS_BOOTSTRAP_COMPLETE ROS_LOCALHOST_ONLY
    LD_LIBRARY_PATH=$(scene_reloc_without "${LD_LIBRARY_PATH:-}" librcutils.so)
    PYTHONPATH=$(scene_reloc_without "${PYTHONPATH:-}" rclpy)
    export LD_LIBRARY_PATH PYTHONPATH
    export AMENT_PREFIX_PATH=$scene_reloc_venv
    export RMW_IMPLEMENTATION=rmw_fastrtps_cpp
fi
