extension Ranking {
  /// Of each query, the chance that its best correct item comes first in a gallery of `size`: itself and
  /// `size` − 1 of the wrong items, drawn without replacement. With a wrong items before it of w, that is
  /// C(w − a, size − 1) / C(w, size − 1): figures of galleries of other sizes become comparable. A gallery
  /// that is no larger than `size` is taken as it is.
  public func firstAmong(_ size: Int, ties: TieBreaking = .pessimistic) -> [Double] {
    (0..<count).map { query in
      let wrong = gallerySize - Int(goldCount[query])
      let before = rank(query, ties) - 1
      var chance = 1.0
      for draw in 0..<min(size - 1, wrong) {
        chance *= max(0, Double(wrong - draw) - before) / Double(wrong - draw)
      }
      return chance
    }
  }
}
