import XlingCore
import XlingData
import XlingTensor
import XlingTowers

/// Emoji of the training concepts composed on the fly: pictures that never end.
///
/// Three stages, after a prototype in which scenes alone sat on the base rate: single emoji in a
/// quarter of the picture (only those patches are computed), scenes with part of the background
/// patches left out, scenes as they are.
struct SceneStream: RecognitionStream {
  enum Stage {
    case singles, sparseScenes, wholeScenes
  }

  /// Steps and pictures a step of each stage.
  struct Plan: Equatable {
    /// All steps.
    var steps: Int
    var singlesSteps = 1_400
    var singlesBatch = 256
    var batch = 96
    var wholeBatch = 64
    /// The last steps see whole scenes.
    var wholeSteps = 700
  }

  let seed: UInt64
  let plan: Plan
  let concepts: [Concept]
  /// Of `concepts`.
  let sprites: [EmojiSprite]
  /// The first `sceneCount` sprites are those of scenes.
  let sceneCount: Int
  let preprocessing: ImagePreprocessing
  let patchSize: Int

  /// How often an object is a concept of the scenes rather than another training emoji.
  private let sceneShare = 0.8

  var labels: [String] { concepts.map(\.id) }

  /// Of 2.5 objects in a scene.
  var startingLogit: Float { -6.2 }

  func stage(_ step: Int) -> Stage {
    if step < plan.singlesSteps { return .singles }
    return step < plan.steps - plan.wholeSteps ? .sparseScenes : .wholeScenes
  }

  private func batchSize(_ stage: Stage) -> Int {
    switch stage {
    case .singles: plan.singlesBatch
    case .sparseScenes: plan.batch
    case .wholeScenes: plan.wholeBatch
    }
  }

  func batch(step: Int, in workspace: Workspace) -> RecognitionBatch {
    let stage = stage(step)
    let count = batchSize(stage)
    let size = preprocessing.size
    let pixels = workspace.take(count, preprocessing.elementCount)
    nonisolated(unsafe) let shown = UnsafeMutablePointer<[Int]>.allocate(capacity: count)
    nonisolated(unsafe) let patches = UnsafeMutablePointer<[Int32]>.allocate(capacity: count)
    shown.initialize(repeating: [], count: count)
    patches.initialize(repeating: [], count: count)
    defer {
      shown.deinitialize(count: count).deallocate()
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
        shown[row] = drawn.concepts
        patches[row] = drawn.patches
      }
    }
    return RecognitionBatch(
      pictures: PictureBatch(
        pixels: pixels.pointer, count: count,
        patches: stage == .wholeScenes ? nil : (0..<count).map { patches[$0] }),
      labels: (0..<count).map { shown[$0] })
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
