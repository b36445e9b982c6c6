using System.Text.Json.Serialization;

namespace PipelineBackup.Format;

/// <summary>A line of <c>index.jsonl</c>. Files and packs are numbered in the order of their lines, files from 0, packs from 1.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type", UnknownDerivedTypeHandling = JsonUnknownDerivedTypeHandling.FailSerialization)]
[JsonDerivedType(typeof(FileLine), "file")]
[JsonDerivedType(typeof(PackLine), "pack")]
[JsonDerivedType(typeof(ExtentLine), "extent")]
internal abstract record IndexLine;

/// <summary>A file of the backup.</summary>
/// <param name="File">Its number.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Name">Its name at restore, without a directory.</param>
/// <param name="Role">Base name or database it belongs to.</param>
/// <param name="OriginalPath">Where it was.</param>
/// <param name="Length">Length in bytes.</param>
/// <param name="PageSize">Bytes of a page: what extents count in. The last page of a file may be shorter.</param>
/// <param name="Generation">Generation of a log, else 0.</param>
/// <param name="Dropped">Whether the file was left out because of bad pages: then it has no extents.</param>
/// <param name="Trailer">Whether the last page is the trailer of a streamed copy and no database page.</param>
internal sealed record FileLine(
    int File,
    [property: JsonConverter(typeof(JsonStringEnumConverter<SourceFileKind>))] SourceFileKind Kind,
    string Name, string Role, string OriginalPath, long Length, int PageSize, int Generation, bool Trailer = false, bool Dropped = false) : IndexLine
{
    /// <summary>Number of stored pages, a shorter last one included.</summary>
    [JsonIgnore]
    public long Pages => Dropped ? 0 : (Length + PageSize - 1) / PageSize;
}

/// <summary>A pack of the backup.</summary>
/// <param name="Pack">Its number.</param>
/// <param name="Name">Its name beside the index.</param>
/// <param name="Length">Length of the object in bytes.</param>
/// <param name="Plain">Length of what the stock program unpacks from it, in bytes.</param>
/// <param name="Sha256">SHA-256 of the object, in hexadecimal.</param>
internal sealed record PackLine(int Pack, string Name, long Length, long Plain, string Sha256) : IndexLine;

/// <summary>Where consecutive pages of a file lie.</summary>
/// <param name="File">Number of the file.</param>
/// <param name="First">Index of the first page in the file, the header being 0.</param>
/// <param name="Pages">How many pages.</param>
/// <param name="Zero">Whether all of them are zero: then they are stored nowhere, and pack and offset are 0.</param>
/// <param name="Pack">Number of the pack.</param>
/// <param name="Offset">Offset of the first page in what the stock program unpacks from the pack.</param>
internal sealed record ExtentLine(int File, long First, long Pages, bool Zero, int Pack, long Offset) : IndexLine;
