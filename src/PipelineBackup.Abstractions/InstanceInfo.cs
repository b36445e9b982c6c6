using System.Security.Cryptography;
using System.Text;

namespace PipelineBackup;

/// <summary>An instance: an engine that runs, with one log stream.</summary>
public sealed record InstanceInfo
{
    /// <summary>The most instances that a program, or a server, can run.</summary>
    public const int Most = 16;

    /// <summary>Its id.</summary>
    public required int Id { get; init; }

    /// <summary>Its name, for people; unique among those that run.</summary>
    public required string Name { get; init; }

    /// <summary>The databases that are attached.</summary>
    public IReadOnlyList<InstanceDatabase> Databases { get; init; } = [];

    /// <summary>The three characters that the names of its logs begin with; empty when not known.</summary>
    public string BaseName { get; init; } = "";

    /// <summary>Where its logs are; empty when not known.</summary>
    public string LogDirectory { get; init; } = "";

    /// <summary>Where its checkpoint file is; empty when not known.</summary>
    public string CheckpointDirectory { get; init; } = "";
}

/// <summary>A database that is attached to an instance.</summary>
public sealed record InstanceDatabase
{
    /// <summary>Its identity as a number, the same before a backup and after a restore.</summary>
    public required Guid Id { get; init; }

    /// <summary>Its signature, 28 bytes in hexadecimal.</summary>
    public required string Signature { get; init; }

    /// <summary>Its file.</summary>
    public required string Path { get; init; }

    /// <summary>The streaming companion (".stm") of an old database, which is backed up beside it; else empty.</summary>
    public string CompanionPath { get; init; } = "";

    /// <summary>
    /// The number that stands for a signature, where a source has none of its own: made from it alone, so that it says
    /// the same on every machine.
    /// </summary>
    /// <param name="signature">The signature in hexadecimal, in either letter case.</param>
    public static Guid IdOf(string signature)
    {
        ArgumentNullException.ThrowIfNull(signature);
        const int GuidBytes = 16, VersionByte = 6, VariantByte = 8;
        byte[] hash = SHA256.HashData(Encoding.ASCII.GetBytes(signature.ToUpperInvariant()))[..GuidBytes];

        // Version 8 of RFC 9562: a number of the maker's own kind.
        hash[VersionByte] = (byte)(hash[VersionByte] & 0x0F | 0x80);
        hash[VariantByte] = (byte)(hash[VariantByte] & 0x3F | 0x80);
        return new(hash, bigEndian: true);
    }
}
