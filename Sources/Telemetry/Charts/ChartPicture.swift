/// How pixels are made of a chart: by `rsvg-convert` of librsvg, which reads the SVG from its standard input
/// and writes PNG to its standard output. Whoever owns a process starts it; draw with the theme `light` or
/// `dark`, since librsvg knows no properties of one's own.
package enum ChartPicture {
    package static let program = "rsvg-convert"

    /// The arguments, for a picture `width` pixels wide (1…8000).
    package static func arguments(width: Int) -> [String] {
        ["--format=png", "--keep-aspect-ratio", "--width=\(max(1, min(8000, width)))"]
    }
}
