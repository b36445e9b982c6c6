using System.Globalization;
using System.Text;
using System.Text.Json;

namespace PipelineBackup.Format;

/// <summary>
/// A commit as it is stored: the manifest as JSON with its own checksum as the last field. Everything else in a store is
/// proved by digests that begin in the commit; the commit has to prove itself.
/// </summary>
internal static class CommitDocument
{
    // How the object ends: the checksum is that of all bytes with zeros for its digits.
    private const int Digits = 8;
    private static readonly byte[] s_end = Encoding.ASCII.GetBytes($",\"crc32c\":\"{new string('0', Digits)}\"}}");

    /// <summary>The bytes of a commit.</summary>
    public static byte[] Write(BackupManifest manifest)
    {
        byte[] content = JsonSerializer.SerializeToUtf8Bytes(manifest with { Crc32C = new('0', Digits) }, ArchiveJson.Default.BackupManifest);
        if (!content.AsSpan().EndsWith(s_end))
            throw new InvalidOperationException("the checksum is not the last field of the commit");
        Encoding.ASCII.GetBytes(Text(Crc32C.Of(content))).CopyTo(DigitsOf(content));
        return content;
    }

    /// <summary>Reads a commit, and proves it.</summary>
    /// <param name="content">The object.</param>
    /// <param name="name">Its name, for messages.</param>
    /// <exception cref="BackupException">It is damaged.</exception>
    public static BackupManifest Read(byte[] content, ObjectName name)
    {
        byte[] blank = [.. content];
        if (content.Length > s_end.Length)
            DigitsOf(blank).Fill((byte)'0');
        var manifest = WithDefaults(SmallObject.Parse(content, name, ArchiveJson.Default.BackupManifest));
        if (!blank.AsSpan().EndsWith(s_end) || manifest.Crc32C != Text(Crc32C.Of(blank)))
            throw SmallObject.Damaged(name, "its CRC-32C does not match");
        return IsWhole(manifest) ? manifest : throw SmallObject.Damaged(name, "a list in it has an empty place, or a number is impossible");
    }

    private static Span<byte> DigitsOf(Span<byte> content) => content[^(Digits + 2)..^2];

    private static string Text(uint crc) => crc.ToString("x8", CultureInfo.InvariantCulture);

    // The serializer gives a field that is not there null, whatever the type says.
    private static BackupManifest WithDefaults(BackupManifest manifest) => manifest with
    {
        DroppedDatabases = manifest.DroppedDatabases ?? [],
        Remarks = manifest.Remarks ?? [],
        Requests = manifest.Requests ?? new Dictionary<string, long>(),
        Rooms = manifest.Rooms ?? new Dictionary<string, double>(),
        Crc32C = manifest.Crc32C ?? "",
        Logs = manifest.Logs with { LastCreated = manifest.Logs.LastCreated ?? "", LastChecksum = manifest.Logs.LastChecksum ?? "" },
        Databases = [.. manifest.Databases.Select(database => database is null ? null! : database with { Repaired = database.Repaired ?? [] })],
    };

    // What the types of the fields do not say.
    private static bool IsWhole(BackupManifest manifest) =>
        manifest.Databases.All(database => database is not null) && manifest.DroppedDatabases.All(name => name is not null)
        && manifest.Remarks.All(remark => remark is not null) && Enum.IsDefined(manifest.Kind)
        && manifest.Logs is { First: >= 0, Last: >= 0 and < int.MaxValue, LastPrefix: null or { Segments: >= 0 and < int.MaxValue } };
}
