# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Install the package, its weights and its shared files; colcon and pip both call this."""

from glob import glob

from setuptools import find_packages, setup

PACKAGE = 'scene_reloc_ros'
SHARE = f'share/{PACKAGE}'

setup(
    name=PACKAGE,
    version='0.1.0',
    description='Relocalise a robot from one camera image by scene coordinate regression',
    maintainer='scene_reloc_ros maintainers',
    maintainer_email='maintainers@example.org',
    license='Apache-2.0',
    python_requires='>=3.10',
    packages=find_packages(include=[PACKAGE, f'{PACKAGE}.*']),
    package_data={
        '': ['py.typed', '*.txt', '*.md', '*.json', '*.cu', '*.cuh'],
        f'{PACKAGE}.network': ['weights/*.safetensors', 'weights/*.txt', 'weights/*.md'],
    },
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{PACKAGE}']),
        (SHARE, ['package.xml']),
        (f'{SHARE}/launch', sorted(glob('launch/*.launch.py'))),
        (f'{SHARE}/config', sorted(glob('config/*.*'))),
        (f'{SHARE}/rviz', sorted(glob('rviz/*.rviz'))),
    ],
    install_requires=['setuptools'],
    tests_require=['pytest'],
    extras_require={'test': ['pytest']},
    zip_safe=False,
    entry_points={
        'console_scripts': [
            f'scene_reloc = {PACKAGE}.cli.main:main',
            f'relocaliser = {PACKAGE}.ros.relocaliser.__main__:main',
            f'mapper = {PACKAGE}.ros.mapper.__main__:main',
            f'dataset_player = {PACKAGE}.ros.dataset_player.__main__:main',
        ],
    },
)
