using System.Buffers;
using System.Security.Cryptography;

namespace PipelineBackup;

/// <summary>How soon a stored object will be read again; a store may choose its storage class by it.</summary>
public enum ObjectClass
{
    /// <summary>Read at every listing or restore: commits, indexes, claims, marks.</summary>
    Catalogue,

    /// <summary>Read at a restore or verification: packs.</summary>
    Data,
}

/// <summary>
/// The content of an object to store: a value of known length with its checksums, so that a sink can send it twice and
/// hash nothing itself. The memory belongs to the caller, and is the sink's to read until <c>PutAsync</c> returns.
/// </summary>
/// <param name="content">The bytes.</param>
/// <param name="sha256">Their SHA-256, 32 bytes.</param>
/// <param name="crc32C">Their CRC-32C.</param>
public sealed class ObjectBody(ReadOnlySequence<byte> content, ReadOnlyMemory<byte> sha256, uint crc32C)
{
    /// <summary>The bytes.</summary>
    public ReadOnlySequence<byte> Content { get; } = content;

    /// <summary>Number of bytes.</summary>
    public long Length => Content.Length;

    /// <summary>SHA-256 of the bytes, 32 bytes.</summary>
    public ReadOnlyMemory<byte> Sha256 { get; } = sha256;

    /// <summary>CRC-32C (Castagnoli) of the bytes.</summary>
    public uint Crc32C { get; } = crc32C;

    /// <summary>What kind of object it is.</summary>
    public ObjectClass Class { get; init; }

    /// <summary>Until when the store must refuse to delete the object, where it can; null for no such promise.</summary>
    public DateTimeOffset? RetainUntil { get; init; }

    /// <summary>The body of a small object, its checksums computed here.</summary>
    /// <param name="content">The bytes.</param>
    public static ObjectBody Of(ReadOnlyMemory<byte> content) =>
        new(new(content), SHA256.HashData(content.Span), PipelineBackup.Crc32C.Of(content.Span));
}
