from pathlib import Path

import numpy as np
import pytest
from training.places import collada, shapes
from training.places.materials import BODY, SECOND

SQUARE = """<?xml version="1.0"?>
<COLLADA xmlns="http://www.collada.org/2005/11/COLLADASchema" version="1.4.1">
<asset><unit meter="0.01"/></asset>
<library_images><image id="wood-image"><init_from>../wood.png</init_from></image></library_images>
<library_materials>
 <material id="wood"><instance_effect url="#wood-fx"/></material>
 <material id="red"><instance_effect url="#red-fx"/></material>
</library_materials>
<library_effects>
 <effect id="wood-fx"><profile_COMMON><technique><phong><diffuse><texture texture="wood-image" texcoord="C"/></diffuse>
 </phong></technique></profile_COMMON></effect>
 <effect id="red-fx"><profile_COMMON><technique><phong><diffuse><color>0.8 0.1 0 1</color></diffuse>
 </phong></technique></profile_COMMON></effect>
</library_effects>
<library_geometries><geometry id="g"><mesh>
 <source id="p"><float_array count="12">0 0 100 200 0 100 200 100 100 0 100 100</float_array>
  <technique_common><accessor stride="3"/></technique_common></source>
 <source id="n"><float_array count="3">0 0 1</float_array>
  <technique_common><accessor stride="3"/></technique_common></source>
 <source id="t"><float_array count="8">0 0 1 0 1 1 0 1</float_array>
  <technique_common><accessor stride="2"/></technique_common></source>
 <vertices id="v"><input semantic="POSITION" source="#p"/></vertices>
 <polylist count="1" material="wood"><input semantic="VERTEX" offset="0" source="#v"/>
  <input semantic="NORMAL" offset="1" source="#n"/><input semantic="TEXCOORD" offset="2" source="#t"/>
  <vcount>4</vcount><p>0 0 0 1 0 1 2 0 2 3 0 3</p></polylist>
 <polylist count="0" material="red"><input semantic="VERTEX" offset="0" source="#v"/><vcount></vcount><p></p></polylist>
 <triangles count="1" material="red"><input semantic="VERTEX" offset="0" source="#v"/>
  <input semantic="NORMAL" offset="1" source="#n"/><p>0 0 1 0 2 0</p></triangles>
</mesh></geometry></library_geometries>
<library_visual_scenes><visual_scene><node><matrix>0 -1 0 0 1 0 0 0 0 0 1 0 0 0 0 1</matrix></node></visual_scene>
</library_visual_scenes>
</COLLADA>
"""


@pytest.fixture
def model(tmp_path: Path) -> collada.Model:
    (tmp_path / "meshes").mkdir()
    (tmp_path / "wood.png").write_bytes(b"")
    path = tmp_path / "meshes" / "square.DAE"
    path.write_text(SQUARE)
    return collada.read(path, 0.01)


def test_sizes_are_metres_on_the_floor(model: collada.Model) -> None:
    """Units and the node's turn are applied, and the model stands on z = 0 around the origin."""
    np.testing.assert_allclose(model.mesh.position.min(axis=0), (-0.5, -1.0, 0.0), atol=1e-6)
    np.testing.assert_allclose(model.mesh.position.max(axis=0), (0.5, 1.0, 0.0), atol=1e-6)


def test_polygons_become_triangles_of_their_material(model: collada.Model) -> None:
    """A square is two triangles, and each element that is not empty has a slot of its own."""
    slots = model.mesh.part[model.mesh.faces[:, 0]].tolist()
    assert slots == [BODY, BODY, SECOND]


def test_skins(model: collada.Model, tmp_path: Path) -> None:
    """A material has its picture's file or its colour."""
    assert model.skins[0].picture == (tmp_path / "wood.png").resolve()
    assert model.skins[1].picture is None
    assert model.skins[1].colour == (0.8, 0.1, 0.0)


def test_textures_are_upright(model: collada.Model) -> None:
    """Collada's v points up, the texture array's down."""
    corner = np.argmin(np.abs(model.mesh.position - (0.5, -1.0, 0.0)).sum(axis=1))  # the first of the file's points
    other = np.argmin(np.abs(model.mesh.position - (-0.5, -1.0, 0.0)).sum(axis=1))  # the last
    assert model.mesh.uv[corner][1] == pytest.approx(1.0)
    assert model.mesh.uv[other][1] == pytest.approx(0.0)


def test_decimation_keeps_the_shape() -> None:
    """Merging close vertices leaves fewer of them and moves none by more than a cell."""
    fine = shapes.box((1.0, 1.0, 1.0), 0.05)
    coarse = collada.decimated(fine, 0.2)
    assert len(coarse.position) < len(fine.position) / 4
    np.testing.assert_allclose(coarse.position.min(axis=0), fine.position.min(axis=0), atol=0.2)
    np.testing.assert_allclose(coarse.position.max(axis=0), fine.position.max(axis=0), atol=0.2)


def test_a_file_without_polygons_is_told(tmp_path: Path) -> None:
    """The error names the file and what to do."""
    path = tmp_path / "empty.DAE"
    path.write_text('<COLLADA xmlns="http://www.collada.org/2005/11/COLLADASchema"/>')
    with pytest.raises(ValueError, match=r"empty\.DAE has no polygons; copy the shared data again"):
        collada.read(path, 0.01)
