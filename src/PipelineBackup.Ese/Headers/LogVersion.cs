using System.Globalization;

namespace PipelineBackup.Ese;

/// <summary>The format version of a log file, for instance 8.4000.130.280.</summary>
/// <param name="Major">8 for segments with an error-correcting checksum, 7 for a chain of checksum records.</param>
/// <param name="Minor">4000 in major 8, 3704 in the last series of major 7.</param>
/// <param name="UpdateMajor">Counts changes that older engines cannot read.</param>
/// <param name="UpdateMinor">Counts changes that they can.</param>
public readonly record struct LogVersion(uint Major, uint Minor, uint UpdateMajor, uint UpdateMinor)
{
    /// <summary>The newest version that can be read.</summary>
    public static LogVersion Newest => new(8, 4000, 130, 280);

    /// <summary>Major 7: no segments, checksum records in the stream of records.</summary>
    public bool IsLegacy => Major == 7;

    /// <summary>Whether files of this version can be read.</summary>
    /// <param name="pageSize">Page size that the log names: one old series is readable with small pages only.</param>
    public bool IsReadable(PageSize pageSize) => (Major, Minor) switch
    {
        (8, 4000) => UpdateMajor <= Newest.UpdateMajor,
        // The chunk size of long values on large pages changed with update 14.
        (7, 3704) => UpdateMajor >= 14 || pageSize.IsSmall,
        _ => false,
    };

    /// <summary>Whether unused segments are zero, so that a zero segment counts as never written.</summary>
    public bool IsZeroFilled => Major == 8 && UpdateMajor >= 2;

    /// <summary>Whether the header holds the XOR of all segment checksums of the generation before.</summary>
    public bool HasAccumulatedChecksum => Major == 8 && UpdateMinor >= 13;

    /// <summary>The four numbers with dots between them.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Major}.{Minor}.{UpdateMajor}.{UpdateMinor}");
}
