extension ImagePreprocessing {
  private enum CodingKeys: String, CodingKey {
    case size, resize, crop, filter, rescale, statistics, fill, resizesFloats
  }

  /// What would not give squares of `size` is a `DecodingError`. Runs before 0.2 say nothing of `fill`
  /// and `resizesFloats`.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    size = try values.decode(Int.self, forKey: .size)
    resize = try values.decode(Resize.self, forKey: .resize)
    crop = try values.decodeIfPresent(CropRounding.self, forKey: .crop)
    filter = try values.decode(ResampleFilter.self, forKey: .filter)
    rescale = try values.decode(Rescale.self, forKey: .rescale)
    statistics = try values.decode(ChannelStatistics.self, forKey: .statistics)
    fill = try values.decodeIfPresent([UInt8].self, forKey: .fill)
    resizesFloats = try values.decodeIfPresent(Bool.self, forKey: .resizesFloats) ?? false
    let sides: [Int] =
      switch resize {
      case .none: [size]
      case .square(let side), .shorterSide(let side), .longerSide(let side): [size, side]
      }
    guard sides.allSatisfy({ 1...16384 ~= $0 }), crop != nil || resize == .square(size),
      fill.map({ $0.count == 3 }) ?? true
    else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "expected squares of one size"))
    }
  }

  /// Keys of later versions only where they say something: what a run recorded stays the same bytes.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(size, forKey: .size)
    try values.encode(resize, forKey: .resize)
    try values.encodeIfPresent(crop, forKey: .crop)
    try values.encode(filter, forKey: .filter)
    try values.encode(rescale, forKey: .rescale)
    try values.encode(statistics, forKey: .statistics)
    try values.encodeIfPresent(fill, forKey: .fill)
    if resizesFloats { try values.encode(true, forKey: .resizesFloats) }
  }
}
