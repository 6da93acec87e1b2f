import XlingCore
import XlingData
import XlingTensor
import XlingTowers

/// Pictures for recognition that never end: emoji of the training concepts composed on the fly.
///
/// Three stages, after a prototype in which scenes alone sat on the base rate: single emoji in a
/// quarter of the picture (only those patches are computed), scenes with part of the background
/// patches left out, scenes as they are.
struct SceneStream {
  struct Batch {
    let pixels: Matrix
    let patches: [[Int32]]?
    /// Concepts shown, by index, picture by picture.
    let concepts: [[Int]]
  }

  enum Stage {
    case singles, sparseScenes, wholeScenes
  }

  let seed: UInt64
  let sprites: [EmojiSprite]
  /// The first `sceneCount` sprites are those of scenes.
  let sceneCount: Int
  let preprocessing: ImagePreprocessing
  let patchSize: Int

  /// How often an object is a concept of the scenes rather than another training emoji.
  private let sceneShare = 0.8

  func batch(step: Int, stage: Stage, count: Int, in workspace: Workspace) -> Batch {
    let size = preprocessing.size
    let pixels = workspace.take(count, preprocessing.elementCount)
    nonisolated(unsafe) let concepts = UnsafeMutablePointer<[Int]>.allocate(capacity: count)
    nonisolated(unsafe) let patches = UnsafeMutablePointer<[Int32]>.allocate(capacity: count)
    concepts.initialize(repeating: [], count: count)
    patches.initialize(repeating: [], count: count)
    defer {
      concepts.deinitialize(count: count).deallocate()
      patches.deinitialize(count: count).deallocate()
    }
    Parallel.ranges(count, grain: 8) { rows in
      for row in rows {
        var stream = RandomStream(seed: seed, "pretrain/image", step, row)
        let drawn = draw(stage, size: size, stream: &stream)
        let background = Background.draw(canvas: size, stream: &stream)
        let picture = SceneComposer.compose(
          width: size, height: size, background: background, placements: drawn.placements)
        let jitter = ColorJitter(brightness: 0.15, contrast: 0.15, saturation: 0.15)
        preprocessing.normalize(
          stage == .wholeScenes ? picture : jitter.apply(to: picture, stream: &stream),
          to: pixels.row(row))
        concepts[row] = drawn.concepts
        patches[row] = drawn.patches
      }
    }
    return Batch(
      pixels: pixels,
      patches: stage == .wholeScenes ? nil : (0..<count).map { patches[$0] },
      concepts: (0..<count).map { concepts[$0] })
  }

  private func draw(
    _ stage: Stage, size: Int, stream: inout RandomStream
  ) -> (placements: [Placement], concepts: [Int], patches: [Int32]) {
    stage == .singles
      ? single(size: size, stream: &stream) : scene(stage, size: size, stream: &stream)
  }

  private func concept(_ stream: inout RandomStream) -> Int {
    stream.uniform() < sceneShare || sceneCount == sprites.count
      ? stream.index(sceneCount) : sceneCount + stream.index(sprites.count - sceneCount)
  }

  /// One emoji in a window of half the side, at a whole number of patches.
  private func single(
    size: Int, stream: inout RandomStream
  ) -> (placements: [Placement], concepts: [Int], patches: [Int32]) {
    let grid = size / patchSize
    let window = grid / 2
    let left = stream.index(grid - window + 1)
    let top = stream.index(grid - window + 1)
    let concept = concept(&stream)
    var spot = SceneLayout.draw(count: 1, canvas: size / 2, stream: &stream)[0]
    // The layout sizes one emoji for its canvas; here it is as large as in a scene.
    let side = Double(size) / 2
    spot.size = stream.uniform(0.62, 0.95) * side
    let room = max(0, side - spot.size * 1.05) / 2
    spot.centerX = Double(left * patchSize) + side / 2 + stream.uniform(-room, room)
    spot.centerY = Double(top * patchSize) + side / 2 + stream.uniform(-room, room)
    let patches = (0..<window).flatMap { row in
      (0..<window).map { Int32((top + row) * grid + left + $0) }
    }
    return ([Placement(sprite: sprites[concept], spot: spot)], [concept], patches)
  }

  /// One to four different emoji, placed as the dataset places them.
  private func scene(
    _ stage: Stage, size: Int, stream: inout RandomStream
  ) -> (placements: [Placement], concepts: [Int], patches: [Int32]) {
    let count = 1 + stream.index(4)
    var chosen: [Int] = []
    while chosen.count < count {
      let next = concept(&stream)
      if !chosen.contains(next) { chosen.append(next) }
    }
    let spots = SceneLayout.draw(count: count, canvas: size, stream: &stream)
    let placements = zip(chosen, spots).map { Placement(sprite: sprites[$0.0], spot: $0.1) }
    guard stage == .sparseScenes else { return (placements, chosen, []) }
    let touched = SceneComposer.patchesTouched(
      placements, width: size, height: size, patch: patchSize)
    let kept = stream.uniform(0, 0.5)
    let patches = touched.indices.filter { touched[$0] || stream.uniform() < kept }
    return (placements, chosen, patches.map { Int32($0) })
  }
}
