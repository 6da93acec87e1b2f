/// Lists in messages: never empty, never of thousands.
public enum MessageList {
  /// The first `limit` items and how many more there are; `none` where there is nothing to list.
  public static func of(_ items: [String], limit: Int = 40, none: String = "none") -> String {
    guard !items.isEmpty else { return none }
    let shown = items.prefix(limit).joined(separator: ", ")
    return items.count > limit ? "\(shown) and \(items.count - limit) more" : shown
  }
}
