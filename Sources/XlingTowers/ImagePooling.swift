/// How the last hidden states of a picture become one vector.
public enum ImagePooling: String, Codable, Sendable, CaseIterable {
  /// The class token's state.
  case cls
  /// The mean of the patches' states, without class, distillation and register tokens.
  case mean
  /// Both, side by side.
  case clsMean = "cls+mean"
  /// What the folder has beyond them: an attention head, a projection, a norm behind the mean, the mean of
  /// class and distillation token.
  case head

  /// What may be written for it.
  public static let words = allCases.map(\.rawValue).joined(separator: ", ")
}

extension ViTConfiguration {
  /// Whether it is a ViT as other programs' own towers are: one class token, learned positions, a final norm,
  /// no gate and nothing in front of the layers.
  public var isPlain: Bool {
    hasClassToken && registers == 0 && rotaryTheta == nil && !isGated && !hasEmbeddingNorm
      && hasFinalNorm && biases.isSuperset(of: [.attentionOutput, .feedForward])
      && [0, 3].contains([.query, .key, .value].filter(biases.contains).count)
  }

  /// Throws ``TowerFailure/configuration(path:reason:)`` where the tower has nothing to pool so; `path` is
  /// for the message.
  public func check(_ pooling: ImagePooling, path: String) throws(TowerFailure) {
    func refuse(_ reason: String) -> TowerFailure {
      let others = ImagePooling.allCases.filter { $0 != pooling && has($0) }.map(\.rawValue)
      return .configuration(
        path: path,
        reason: "\(pooling.rawValue) is no pooling of this tower: \(reason). It has "
          + others.joined(separator: ", "))
    }
    guard !has(pooling) else { return }
    throw pooling == .head
      ? refuse("nothing lies behind its hidden states") : refuse("it has no class token")
  }

  private func has(_ pooling: ImagePooling) -> Bool {
    switch pooling {
    case .cls, .clsMean: hasClassToken
    case .mean: true
    case .head: head != nil
    }
  }

  /// Numbers of a vector pooled so.
  public func outputWidth(_ pooling: ImagePooling) -> Int {
    switch pooling {
    case .cls, .mean: hiddenSize
    case .clsMean: 2 * hiddenSize
    case .head: head?.projection ?? hiddenSize
    }
  }
}
