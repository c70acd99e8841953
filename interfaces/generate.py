# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Build the interface packages beside this file into the running virtual environment.

tf2_msgs is the one message package that the nodes need and the package index has not;
scene_reloc_msgs is ours. The ROS 2 wheels carry the interface generators as Python modules, so the
definitions become classes as a ROS 2 build would make them, without CMake. Run it with the Python
of the environment; a second run replaces the first. Everything is built aside and verified before
it is moved into the environment, so that an interrupted run leaves no half-made package behind.
"""

import dataclasses
import functools
import json
import os
import pathlib
import shutil
import subprocess
import sys
import sysconfig
import tempfile

from compiling import (
    BuildError,
    compile_sources,
    COMPILERS,
    include_folders,
    link,
    Prefix,
)

DEFINITIONS = pathlib.Path(__file__).resolve().parent
FASTRTPS = 'rosidl_typesupport_fastrtps_c'
INTROSPECTION = 'rosidl_typesupport_introspection_c'
DISPATCH = 'rosidl_typesupport_c'
RUNTIME_LIBRARIES = (
    'rosidl_runtime_c', DISPATCH, FASTRTPS, 'rosidl_typesupport_fastrtps_cpp', INTROSPECTION,
    'fastcdr', 'rmw', 'rcutils')
PROBE = """
import rclpy
from rclpy.action import ActionServer
from rclpy.serialization import deserialize_message, serialize_message
from {package} import {folders}
rclpy.init()
node = rclpy.create_node('interface_probe')
for name in {messages}:
    message = getattr(msg, name)
    assert deserialize_message(serialize_message(message()), message) == message()
    node.create_publisher(message, 'probe_' + name.lower(), 1)
for name in {actions}:
    ActionServer(node, getattr(action, name), 'probe_' + name.lower(), print).destroy()
node.destroy_node()
rclpy.shutdown()
"""


@dataclasses.dataclass(frozen=True)
class Package:
    """An interface package: what it is built of, and the hashes that upstream announces."""

    name: str
    dependencies: tuple[str, ...]
    hashes: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def definitions(self):
        """Return the definitions, as paths below the folder of the package."""
        folder = DEFINITIONS / self.name
        return [file.relative_to(folder)
                for kind in ('msg', 'action') for file in sorted(folder.glob(f'{kind}/*.{kind}'))]

    def names(self, kind):
        """Return the names of its interfaces of a kind, msg or action."""
        return [path.stem for path in self.definitions if path.parts[0] == kind]


# The hashes under which every ROS 2 installation announces a type on the network.
PACKAGES = (
    Package('tf2_msgs', ('geometry_msgs', 'std_msgs', 'builtin_interfaces'), {
        'tf2_msgs/msg/TFMessage':
            'RIHS01_e369d0f05a23ae52508854b66f6aa0437f3449d652e8cbf22d5abe85d020f087'}),
    Package('scene_reloc_msgs', ('action_msgs', 'builtin_interfaces', 'geometry_msgs',
                                 'service_msgs', 'std_msgs', 'unique_identifier_msgs')),
)


@dataclasses.dataclass(frozen=True)
class Description:
    """What the type description step wrote: the interfaces in two further forms."""

    folder: pathlib.Path  # of the types, with a folder tmp of the IDL
    definitions: list[pathlib.Path]  # paths below the folder of the package

    @property
    def idl(self):
        """Return the IDL files as the generators want them, folder:path."""
        return [f'{self.folder / "tmp"}:{path.with_suffix(".idl")}' for path in self.definitions]

    @property
    def types(self):
        """Return the JSON files of the interfaces."""
        return [self.folder / path.with_suffix('.json') for path in self.definitions]


def check_prerequisites(prefix, package):
    """Raise BuildError with a remedy where the environment cannot build the package."""
    if sys.prefix == sys.base_prefix:
        raise BuildError('Run this with the Python of a virtual environment; scripts/setup does.')
    missing = [c[0] for c in COMPILERS.values() if shutil.which(c[0]) is None]
    if missing:
        raise BuildError(f'The compiler {missing[0]} was not found: install it (Debian and '
                         'Ubuntu: sudo apt install gcc g++) and run scripts/setup again.')
    header = pathlib.Path(sysconfig.get_path('include')) / 'Python.h'
    if not header.is_file():
        raise BuildError(f'The Python header {header} is missing: install the headers of this '
                         'Python (Debian and Ubuntu: sudo apt install python3-dev).')
    for name in package.dependencies:
        if not (prefix.share / name).is_dir():
            raise BuildError(f'The ROS 2 package {name} is not in {prefix.root}: install '
                             'requirements/ros.txt first (scripts/setup does).')


def describe(package, prefix, work):
    """Write the IDL and the JSON type descriptions of the interfaces below ``work``."""
    from rosidl_generator_type_description.cli import HashTypeDescription
    definitions = package.definitions
    folder = work / 'definition' / package.name
    for path in definitions:
        (folder / path.parent).mkdir(parents=True, exist_ok=True)
        shutil.copy(DEFINITIONS / package.name / path, folder / path)
    HashTypeDescription('hash').generate_type_hashes(
        package.name, [f'{folder}:{path}' for path in definitions], [str(prefix.share)],
        output_path=work / 'described')
    return Description(work / 'described', definitions)


def check_type_hashes(package, description):
    """Raise BuildError unless the types are those that other ROS 2 machines know."""
    found = {entry['type_name']: entry['hash_string'] for file in description.types
             for entry in json.loads(file.read_text())['type_hashes']}
    for name, expected in package.hashes.items():
        if found.get(name) != expected:
            raise BuildError(f'The generated type hash of {name} is {found.get(name)}, upstream '
                             f'has {expected}: restore its definition and the versions in '
                             'requirements/ros.txt.')


def write_sources(package, description, prefix, work):
    """Write C, C++ and Python sources below ``work`` and return the folder of each generator."""
    from rosidl_generator_c.cli import GenerateC
    from rosidl_generator_cpp.cli import GenerateCpp
    from rosidl_generator_py.cli import GeneratePython
    from rosidl_typesupport_c.cli import GenerateCTypesupport
    from rosidl_typesupport_fastrtps_c.cli import GenerateFastRTPSCTypesupport
    from rosidl_typesupport_introspection_c.cli import GenerateIntrospectionCTypesupport
    both = {'typesupport_implementations': [FASTRTPS, INTROSPECTION]}
    generators = {
        'c': (GenerateC('c'), True),
        'cpp': (GenerateCpp('cpp'), True),
        'introspection': (GenerateIntrospectionCTypesupport('introspection'), False),
        'fastrtps': (GenerateFastRTPSCTypesupport('fastrtps'), False),
        'dispatch': (GenerateCTypesupport('dispatch', **both), False),
        'python': (GeneratePython('python', typesupport_implementations=[DISPATCH]), False),
    }
    for name, (generator, wants_types) in generators.items():
        types = [str(file) for file in description.types]
        extra = {'type_description_files': types} if wants_types else {}
        generator.generate(package.name, description.idl, [str(prefix.share)],
                           output_path=work / name / package.name, **extra)
    return {name: work / name for name in generators}


def build_libraries(package, generated, prefix, staged, work):
    """Build the type support library and the Python extension below the staged prefix."""
    def files(name, pattern):
        return sorted(generated[name].rglob(pattern))

    compiled = functools.partial(
        compile_sources, includes=include_folders(prefix, generated), work=work)
    needed = [f'{name}__{kind}' for name in package.dependencies for kind in (
        'rosidl_generator_c', DISPATCH, FASTRTPS, INTROSPECTION)]
    support = f'{package.name}__{FASTRTPS}'
    link(staged.libraries / f'lib{support}.so',
         compiled(files('c', '*.c') + files('introspection', '*.c') + files('fastrtps', '*.cpp')),
         [*needed, *RUNTIME_LIBRARIES], [prefix.libraries], '$ORIGIN')
    (staged.libraries / f'lib{package.name}__{INTROSPECTION}.so').symlink_to(f'lib{support}.so')
    extension = f'{package.name}_s__{DISPATCH}{sysconfig.get_config_var("EXT_SUFFIX")}'
    folder = staged.modules / package.name
    up = os.path.relpath(staged.libraries, folder)
    link(folder / extension, compiled(files('dispatch', '*.cpp') + files('python', '*.c')),
         [support, *needed, *(f'{name}__rosidl_generator_py' for name in package.dependencies),
          *RUNTIME_LIBRARIES], [staged.libraries, prefix.libraries], f'$ORIGIN/{up}')


def copy_python_and_share(package, generated, description, staged):
    """Copy the classes and the interface files below the staged prefix."""
    folder = staged.modules / package.name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / '__init__.py').touch()
    for file in sorted((generated['python'] / package.name).glob('*/*.py')):
        target = folder / file.parent.name
        target.mkdir(exist_ok=True)
        shutil.copy(file, target)
    marker = staged.share / 'ament_index' / 'resource_index' / 'packages' / package.name
    marker.parent.mkdir(parents=True)
    marker.touch()
    for path in package.definitions:
        target = staged.share / package.name / path.parent
        target.mkdir(parents=True, exist_ok=True)
        for file in (DEFINITIONS / package.name / path,
                     description.folder / 'tmp' / path.with_suffix('.idl'),
                     description.folder / path.with_suffix('.json')):
            shutil.copy(file, target)


def install(staged, prefix):
    """Move every staged file to its place in the environment; each move is atomic."""
    for file in sorted(p for p in staged.root.rglob('*') if p.is_symlink() or p.is_file()):
        place = prefix.root / file.relative_to(staged.root)
        place.parent.mkdir(parents=True, exist_ok=True)
        os.replace(file, place)


def verify(package):
    """Raise BuildError unless a fresh Python can use the interfaces in both type supports."""
    kinds = [kind for kind in ('msg', 'action') if package.names(kind)]
    probe = PROBE.format(package=package.name, folders=', '.join(kinds),
                         messages=package.names('msg'), actions=package.names('action'))
    alone = {**os.environ, 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'OFF'}
    finished = subprocess.run(
        [sys.executable, '-c', probe], capture_output=True, text=True, env=alone)
    if finished.returncode:
        sys.stderr.write(finished.stderr)
        raise BuildError(f'{package.name} was built but does not work: remove .venv and run '
                         'scripts/setup again.')


def build(package, environment, target):
    """Build a package.

    Args:
        package: to build.
        environment: Prefix that has the generators and the packages that it depends on.
        target: Prefix that it is installed in.
    """
    check_prerequisites(environment, package)
    os.environ['AMENT_PREFIX_PATH'] = str(environment.root)
    with tempfile.TemporaryDirectory(dir=target.root, prefix=f'.{package.name}-') as folder:
        work = pathlib.Path(folder)
        staged = target.staged_below(work / 'staged')
        description = describe(package, environment, work)
        check_type_hashes(package, description)
        generated = write_sources(package, description, environment, work)
        build_libraries(package, generated, environment, staged, work)
        copy_python_and_share(package, generated, description, staged)
        install(staged, target)


def main():
    """Build, install and verify the packages in the environment of this Python."""
    prefix = Prefix.of_this_interpreter()
    for package in PACKAGES:
        build(package, prefix, prefix)
        verify(package)


if __name__ == '__main__':
    try:
        main()
    except BuildError as error:
        sys.exit(str(error))
