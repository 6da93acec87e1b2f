import XlingTensor
import XlingTowers

/// LoRA on the queries and values of every layer, as its paper chose for GPT-3 (Hu et al. 2022,
/// section 7.1). B is zero, so that the tower starts as it was pretrained; A is normal with
/// deviation width^-0.5.
enum LowRankModule {
  /// Parameters `….query.lora_A` [rank, width], `….query.lora_B` [width, rank], and of the values.
  static func install(_ application: SideApplication) throws(AdapterFailure) -> [Parameter] {
    let options = application.side.options
    let width = application.tower.width
    guard options.rank <= width else {
      throw application.unfit("a rank of at most its width \(width)", "\(options.rank)")
    }
    func update(_ dense: Linear) -> LowRankUpdate {
      let name = String(dense.weight.name.dropLast(".weight".count))
      let update = LowRankUpdate(
        name, from: width, to: dense.outputs, rank: options.rank, alpha: Float(options.alpha))
      Initialization.truncatedNormal(
        update.down, seed: application.seed, deviation: 1 / Float(width).squareRoot())
      return update
    }
    return application.openLayers.flatMap { layer in
      let query = update(layer.attention.query)
      let value = update(layer.attention.value)
      layer.attention.query.lowRank = query
      layer.attention.value.lowRank = value
      return query.parameters + value.parameters
    }
  }
}
