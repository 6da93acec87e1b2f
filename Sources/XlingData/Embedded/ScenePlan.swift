import XlingCore

/// How many scenes of each split.
public struct SceneCounts: Sendable, Equatable {
  public var train: Int
  public var val: Int
  public var test: Int

  public static let standard = SceneCounts(train: 8_000, val: 500, test: 1_000)

  public init(train: Int, val: Int, test: Int) {
    self.train = train
    self.val = val
    self.test = test
  }

  var total: Int { train + val + test }

  func split(of scene: Int) -> Split { scene < train ? .train : scene < train + val ? .val : .test }
}

/// Which concepts each scene shows: one to four, and no two scenes show the same set, so that no
/// test set was seen in training.
struct ScenePlan: Sendable {
  struct Scene: Sendable, Equatable {
    let split: Split
    /// Indices into the catalogue's scene concepts, in drawing order.
    let concepts: [Int]
  }

  let scenes: [Scene]

  /// Throws ``DataFailure/cannotBuild(what:reason:)`` when there are too few concepts.
  init(conceptCount: Int, counts: SceneCounts, seed: UInt64) throws(DataFailure) {
    var used: Set<[Int]> = []
    var scenes: [Scene] = []
    for index in 0..<counts.total {
      var stream = RandomStream(seed: seed, "scenes/concepts", index)
      var concepts: [Int] = []
      var tries = 0
      repeat {
        tries += 1
        guard tries <= 1_000 else {
          throw .cannotBuild(
            what: "scenes",
            reason: "\(conceptCount) concepts do not give \(counts.total) different sets.")
        }
        concepts = Self.draw(conceptCount, &stream)
      } while !used.insert(concepts.sorted()).inserted
      scenes.append(Scene(split: counts.split(of: index), concepts: concepts))
    }
    self.scenes = scenes
  }

  /// 5 % of scenes show one concept (there are only so many sets of one), 30 % two, 35 % three,
  /// 30 % four.
  private static func draw(_ conceptCount: Int, _ stream: inout RandomStream) -> [Int] {
    let chance = stream.uniform()
    let count = min(conceptCount, chance < 0.05 ? 1 : chance < 0.35 ? 2 : chance < 0.7 ? 3 : 4)
    var concepts: [Int] = []
    while concepts.count < count {
      let concept = stream.index(conceptCount)
      if !concepts.contains(concept) { concepts.append(concept) }
    }
    return concepts
  }
}
