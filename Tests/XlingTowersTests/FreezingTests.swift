import Testing
import XlingTensor
import XlingTestSupport
import XlingTowers

/// Training a part gives that part the bits of a run that trains all, for less work.
struct FreezingTests {
  @Test func textSubsetsHaveTheGradientsOfAll() throws { try subsets(of: try TextRun()) }

  @Test func imageSubsetsHaveTheGradientsOfAll() throws { try subsets(of: try ImageRun()) }

  private func subsets(of run: some TowerRun) throws {
    let tower = run.tower
    let workspace = Workspace(blockBytes: 1 << 16)
    tower.train { _ in true }
    let pooled = try run.step(in: workspace)
    let all = tower.gradients
    // Each parameter alone covers each way that the backward pass can stop or skip.
    var chosen = tower.parameters.all.map { [$0.name] }
    chosen += tower.encoder.layers.map { $0.parameters.map(\.name) }
    chosen.append(tower.outerParameters.map(\.name))
    chosen.append(all.keys.filter { $0.hasSuffix(".bias") })
    chosen.append(all.keys.filter { $0.lowercased().contains("norm") })
    for names in chosen {
      workspace.reset()
      let trained = Set(names)
      tower.train { trained.contains($0.name) }
      #expect(try run.step(in: workspace) == pooled)
      #expect(tower.parameters.all.filter { $0.gradient != nil }.count == trained.count)
      for name in names { #expect(tower.gradients[name] == all[name], "\(name)") }
    }
  }

  @Test func frozenTowersAllocateNoGradient() throws {
    let run = try TextRun()
    run.tower.train { _ in true }
    run.tower.parameters.freeze()
    _ = try run.step(in: Workspace(blockBytes: 1 << 16))
    #expect(run.tower.parameters.all.allSatisfy { $0.gradient == nil })
  }

  /// The higher the lowest trained layer, the less is kept and computed.
  @Test func textStopsBelowTheLowestTrainedLayer() throws { try stops(try TextRun()) }

  @Test func imageStopsBelowTheLowestTrainedLayer() throws { try stops(try ImageRun()) }

  private func stops(_ run: some TowerRun) throws {
    let tower = run.tower
    func memory(_ chosen: (Parameter) -> Bool) throws -> Int {
      tower.train(chosen)
      let workspace = Workspace(blockBytes: 1 << 16)
      _ = try run.step(in: workspace)
      return workspace.peak
    }
    let frozen = try memory { _ in false }
    let byLayer = try tower.encoder.layers.map { layer in
      let names = Set(layer.parameters.map(\.name))
      return try memory { names.contains($0.name) }
    }
    #expect(byLayer == byLayer.sorted(by: >) && Set(byLayer).count == byLayer.count)
    // With one layer trained, what passes forward may be the most there is.
    #expect(frozen <= (byLayer.last ?? 0) && frozen < (byLayer.first ?? 0))
  }

  /// A frozen dense layer's input gradient needs its weights alone: with norms and biases trained in every
  /// layer, what enters dense layers is not kept.
  @Test func frozenDenseLayersKeepNoInput() throws {
    for run in [try TextRun(), try ImageRun()] as [any TowerRun] {
      func memory(_ chosen: (Parameter) -> Bool) throws -> Int {
        run.tower.train(chosen)
        let workspace = Workspace(blockBytes: 1 << 16)
        _ = try run.step(in: workspace)
        return workspace.peak
      }
      let all = try memory { _ in true }
      let small = try memory { $0.shape.count == 1 }
      #expect(Double(small) < 0.9 * Double(all), "\(small) of \(all) bytes")
    }
  }

  /// Inside the top layer too: from the last parameter down, no part costs less.
  @Test func textStopsInsideALayer() throws {
    // What passes forward is the most there is in a post-norm layer, wherever the way back stops.
    _ = try insideALayer(
      try TextRun(),
      ["output.dense", "intermediate.dense", "attention.output.LayerNorm", "attention.self.query"])
  }

  /// And the lowest costs more.
  @Test func imageStopsInsideALayer() throws {
    let memory = try insideALayer(try ImageRun(), ["layernorm_after", "attention.output.dense"])
    #expect(memory.first ?? 0 < memory.last ?? 0)
  }

  private func insideALayer(_ run: some TowerRun, _ parts: [String]) throws -> [Int] {
    let memory = try parts.map { part in
      run.tower.train { $0.name == "encoder.layer.2.\(part).bias" }
      #expect(run.tower.parameters.trainable.count == 1)
      let workspace = Workspace(blockBytes: 1 << 16)
      _ = try run.step(reading: .all, in: workspace)
      return workspace.peak
    }
    #expect(memory == memory.sorted())
    return memory
  }
}
