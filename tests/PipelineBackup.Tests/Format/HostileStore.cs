using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using PipelineBackup.Tests.Simulation;

namespace PipelineBackup.Format.Tests;

/// <summary>
/// A store of one backup whose objects are changed, and then sealed again from the inside out, so that no digest stands
/// between what was changed and the code that reads it.
/// </summary>
internal sealed class HostileStore
{
    private readonly SortedDictionary<string, byte[]> _objects;

    public HostileStore(IReadOnlyDictionary<string, byte[]> objects, string id)
    {
        _objects = new(objects.ToDictionary(), StringComparer.Ordinal);
        Id = id;
        Index = Lines("index.jsonl");
        BadPages = _objects.ContainsKey(Data("bad-pages.jsonl")) ? Lines("bad-pages.jsonl") : null;
        Commit = Encoding.UTF8.GetString(_objects[CommitName]);
    }

    public string Id { get; }

    public string CommitName => $"default/backups/{Id}.json";

    /// <summary>The commit as text; sealed when the store is made.</summary>
    public string Commit { get; set; }

    /// <summary>The lines of the index.</summary>
    public List<string> Index { get; }

    /// <summary>The lines of the list of bad pages; null where there is none.</summary>
    public List<string>? BadPages { get; }

    /// <summary>Names of the packs, beside the index.</summary>
    public IReadOnlyList<string> Packs =>
        [.. _objects.Keys.Where(name => name.EndsWith(".lz4", StringComparison.Ordinal)).Select(name => name[(name.LastIndexOf('/') + 1)..])];

    /// <summary>Bytes of all objects.</summary>
    public long Length => _objects.Values.Sum(bytes => bytes.LongLength);

    /// <summary>Changes a pack.</summary>
    public void ChangePack(string name, Func<byte[], byte[]> change) => _objects[Data(name)] = change([.. _objects[Data(name)]]);

    /// <summary>Seals everything and makes the store.</summary>
    /// <param name="sealsPacks">Whether lengths and digests of the packs are renewed too, and the checksums within.</param>
    public async Task<MemorySink> SealAsync(bool sealsPacks = true)
    {
        if (sealsPacks)
            SealPacks();
        Put("index.jsonl", Index);
        if (BadPages is not null)
            Put("bad-pages.jsonl", BadPages);
        _objects[CommitName] = SealCommit();
        return await StoreProof.StoreOfAsync(_objects);
    }

    /// <summary>The commit with its checksum right.</summary>
    private byte[] SealCommit()
    {
        byte[] bytes = Encoding.UTF8.GetBytes(Commit);
        int digits = bytes.Length - 10;
        if (digits < 0)
            return bytes;
        bytes.AsSpan(digits, 8).Fill((byte)'0');
        Encoding.ASCII.GetBytes(Crc32C.Of(bytes).ToString("x8", CultureInfo.InvariantCulture)).CopyTo(bytes.AsSpan(digits));
        return bytes;
    }

    private void SealPacks()
    {
        for (int i = 0; i < Index.Count; i++)
        {
            if (TryParse(Index[i]) is not JsonObject line || (string?)(line["type"] as JsonValue)?.ToString() != "pack"
                || line["name"] is not JsonValue name || !_objects.TryGetValue(Data(name.ToString()), out byte[]? pack))
                continue;
            SealPack(pack);
            line["length"] = pack.Length;
            line["sha256"] = Convert.ToHexStringLower(SHA256.HashData(pack));
            Index[i] = line.ToJsonString();
        }
    }

    // Header, tail index and footer get their checksums again, where they still are.
    private static void SealPack(byte[] pack)
    {
        if (pack.Length < PackFormat.MinBytes)
            return;
        BinaryPrimitives.WriteUInt32LittleEndian(pack.AsSpan(68), Crc32C.Of(pack.AsSpan(8, 60)));
        var footer = pack.AsSpan(pack.Length - PackFormat.FooterBytes);
        long tail = BinaryPrimitives.ReadInt64LittleEndian(footer[8..]);
        long entries = BinaryPrimitives.ReadInt32LittleEndian(footer[16..]) * (long)PackChunk.Size;
        if (tail >= 0 && entries >= 0 && tail + 8 + entries <= pack.Length)
            BinaryPrimitives.WriteUInt32LittleEndian(footer[24..], Crc32C.Of(pack.AsSpan((int)tail + 8, (int)entries)));
        BinaryPrimitives.WriteUInt32LittleEndian(footer[28..], Crc32C.Of(footer[..28]));
    }

    private void Put(string name, List<string> lines)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\n")));
        _objects[Data(name)] = bytes;
        if (TryParse(Commit) is not JsonObject commit || commit[name == "index.jsonl" ? "index" : "badPages"] is not JsonObject digest)
            return;
        string before = digest.ToJsonString();
        if (digest["length"] is JsonValue && digest["sha256"] is JsonValue)
        {
            digest["length"] = bytes.Length;
            digest["sha256"] = Convert.ToHexStringLower(SHA256.HashData(bytes));
            Commit = Commit.Replace(before, digest.ToJsonString(), StringComparison.Ordinal);
        }
    }

    // A text that no program can read stays as it is.
    private static JsonNode? TryParse(string text)
    {
        try
        {
            var node = JsonNode.Parse(text);
            _ = node?.ToJsonString();
            return node;
        }
        catch (Exception failure) when (failure is System.Text.Json.JsonException or ArgumentException or InvalidOperationException)
        {
            return null;
        }
    }

    private List<string> Lines(string name) => [.. Encoding.UTF8.GetString(_objects[Data(name)]).TrimEnd('\n').Split('\n')];

    private string Data(string name) => $"default/data/{Id}/{name}";
}
