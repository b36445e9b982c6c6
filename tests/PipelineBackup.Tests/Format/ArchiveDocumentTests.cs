using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using PipelineBackup.Tests;

namespace PipelineBackup.Format.Tests;

/// <summary>The document of the archive format says what the code does.</summary>
public class ArchiveDocumentTests
{
    public static TheoryData<string, Type> Objects => new()
    {
        { "`format.json`", typeof(FormatDocument) },
        { "`features`", typeof(FormatFeatures) },
        { "The commit", typeof(BackupManifest) },
        { "`databases`", typeof(ManifestDatabase) },
        { "`logs`", typeof(ManifestLogs) },
        { "`lastPrefix`", typeof(LogPrefix) },
        { "`index` and `badPages`", typeof(ObjectDigest) },
        { "`options`", typeof(ManifestOptions) },
        { "`totals`", typeof(ManifestTotals) },
        { "`\"type\":\"file\"`", typeof(FileLine) },
        { "`\"type\":\"pack\"`", typeof(PackLine) },
        { "`\"type\":\"extent\"`", typeof(ExtentLine) },
        { "The list of bad pages", typeof(BadPage) },
        { "Claims", typeof(ChainClaim) },
        { "Marks", typeof(BackupMark) },
    };

    [Theory]
    [MemberData(nameof(Objects))]
    public void Every_field_of_an_object_stands_in_the_document_and_no_other(string heading, Type type)
    {
        JsonTypeInfo json = ArchiveJson.Default.GetTypeInfo(type)!;
        var written = json.Properties.Where(property => property.Get is not null).Select(property => property.Name);
        var documented = ArchiveDocument.Fields(heading);
        Assert.Equal(written.Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_kinds_of_lines_in_the_document_are_those_of_the_index()
    {
        foreach (var type in ArchiveJson.Default.IndexLine.PolymorphismOptions!.DerivedTypes)
            Assert.Contains(Objects, row => row.Data == ($"`\"type\":\"{type.TypeDiscriminator}\"`", type.DerivedType));
    }

    [Theory]
    [InlineData("Header", PackFormat.HeaderBytes)]
    [InlineData("Tail index entry", PackChunk.Size)]
    [InlineData("Footer", PackFormat.FooterBytes)]
    public void A_byte_table_accounts_for_every_byte(string heading, int size)
    {
        int next = 0;
        foreach (string[] row in ArchiveDocument.Table(heading))
        {
            Assert.Equal(next, Number(row[0]));
            next += Number(row[1]);
        }

        Assert.Equal(size, next);
    }

    [Fact]
    public async Task A_pack_holds_what_the_byte_tables_say()
    {
        await using var trip = new RoundTrip();
        var backup = await trip.BackupAsync(Path.Combine(GoldenSets.Small("clean-4096"), "files"));
        string data = Path.Combine(trip.Store, "default", "data", backup.Manifest.Id);
        byte[] pack = await File.ReadAllBytesAsync(
            Path.Combine(data, "pages-000001.lz4"), TestContext.Current.CancellationToken);
        Assert.Equal(0x184D2A5Bu, BitConverter.ToUInt32(pack));

        var header = Read("Header", pack.AsMemory(8));
        Assert.Equal("PBPACK01", Encoding.ASCII.GetString(header["mark, `PBPACK01`"].Span));
        Assert.Equal(1, Value(header["pack number"]));
        Assert.Equal(backup.Manifest.Id, Encoding.ASCII.GetString(header["id of the backup, ASCII"].Span));
        Assert.Equal(Crc32C.Of(pack.AsSpan(8, 60)), (uint)Value(header["CRC-32C of bytes 0–59"]));

        var footer = Read("Footer", pack.AsMemory(pack.Length - PackFormat.FooterBytes));
        Assert.Equal("PBPACKND", Encoding.ASCII.GetString(footer["mark, `PBPACKND`"].Span));
        int chunks = (int)Value(footer["number of chunks"]);
        int tail = (int)Value(footer["offset of the tail index's skippable frame in the object"]);
        Assert.Equal(0x184D2A5Cu, BitConverter.ToUInt32(pack, tail));
        Assert.Equal(pack.Length - 40, tail + 8 + (chunks * PackChunk.Size));
        Assert.Equal(0x184D2A5Du, BitConverter.ToUInt32(pack, pack.Length - 40));
        uint crc = Crc32C.Of(pack.AsSpan(tail + 8, chunks * PackChunk.Size));
        Assert.Equal(crc, (uint)Value(footer["CRC-32C of the tail index's payload"]));

        // 2.5 MiB: the runs of 1 MiB, and a shorter one.
        Assert.Equal(3, chunks);
        var last = Read("Tail index entry", pack.AsMemory(tail + 8 + (2 * PackChunk.Size)));
        Assert.Equal(512, Value(last["index of the first page in the file"]));
        Assert.Equal(128, Value(last["number of pages, one that is cut short included"]));
        Assert.Equal(128 * 4096, Value(last["plain length in bytes, at most 1048576"]));
        long frame = Value(last["offset of the LZ4 frame in the object"]);
        Assert.Equal(tail, frame + Value(last["stored length in bytes: the whole LZ4 frame"]));
        Assert.Equal<byte[]>([0x04, 0x22, 0x4D, 0x18, 0x68, 0x60], pack[(int)frame..((int)frame + 6)]);
    }

    [Fact]
    public void The_limits_in_the_document_are_those_of_the_code()
    {
        int[] limits =
        [
            PackFormat.TargetBytes, PackFormat.MaxBytes, PackFormat.MaxChunks, PackFormat.MaxChunkBytes,
            BackupManifest.MaxBytes,
        ];
        foreach (int limit in limits)
            Assert.Contains(FormattableString.Invariant($" {limit} "), ArchiveDocument.Text, StringComparison.Ordinal);
        foreach (uint magic in new[] { PackFormat.HeaderMagic, PackFormat.IndexMagic, PackFormat.FooterMagic })
            Assert.Contains($"0x{magic:X8}", ArchiveDocument.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_worked_example_is_one_that_the_code_reads()
    {
        string[] json = [.. ArchiveDocument.Blocks("json")];
        JsonSerializer.Deserialize(json[0], ArchiveJson.Default.FormatDocument)!.Demand();
        // It stands there on several lines.
        var asItIs = new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        byte[] oneLine = Encoding.UTF8.GetBytes(JsonNode.Parse(json[1])!.ToJsonString(asItIs));
        var commit = CommitDocument.Read(oneLine, ObjectName.Of("commit"));
        byte[] lines = Encoding.UTF8.GetBytes(Assert.Single(ArchiveDocument.Blocks("jsonl")));
        Assert.Equal(commit.Index.Sha256, Convert.ToHexStringLower(SHA256.HashData(lines)));
        using var stream = new MemoryStream(lines);
        var index = await BackupIndex.ReadAsync(
            stream, commit.Index, ObjectName.Of("index.jsonl"), TestContext.Current.CancellationToken);
        Assert.Equal(commit.Totals.Packs, index.Packs.Count);
        Assert.Equal(commit.Totals.PlainBytes, index.Files.Sum(file => file.Length));
        Assert.Contains(index.Extents, extent => extent.Zero);
        Assert.True(BackupId.TryParse(commit.Id, out _));
    }

    private static Dictionary<string, ReadOnlyMemory<byte>> Read(string heading, ReadOnlyMemory<byte> bytes)
    {
        var fields = new Dictionary<string, ReadOnlyMemory<byte>>();
        foreach (string[] row in ArchiveDocument.Table(heading))
            fields[row[2]] = bytes.Slice(Number(row[0]), Number(row[1]));
        return fields;
    }

    private static long Value(ReadOnlyMemory<byte> field) => field.Length == 4
        ? BinaryPrimitives.ReadUInt32LittleEndian(field.Span)
        : BinaryPrimitives.ReadInt64LittleEndian(field.Span);

    private static int Number(string cell) => int.Parse(cell, CultureInfo.InvariantCulture);
}
