namespace PipelineBackup.Sinks.S3;

/// <summary>What stores with S3's interface do differently.</summary>
public sealed record S3StoreProfile
{
    /// <summary>Its name in an address, for instance <c>store=ceph</c>.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// Whether the store keeps a CRC-32C beside the object (<c>x-amz-checksum-crc32c</c>). Where it does not, a transfer
    /// is still proved by the SHA-256 that each request is signed with. Trailing checksums are never sent.
    /// </summary>
    public bool ChecksumHeaders { get; init; }

    /// <summary>Whether the bucket stands in the path of the address and not in the name of the host.</summary>
    public bool PathStyle { get; init; } = true;

    /// <summary>
    /// Whether it is proved that the store honours <c>If-None-Match: *</c>, by sending the first small object twice.
    /// </summary>
    public bool ProveCreateOnly { get; init; } = true;

    /// <summary>Amazon S3.</summary>
    public static S3StoreProfile Aws { get; } =
        new() { Name = "aws", ChecksumHeaders = true, PathStyle = false, ProveCreateOnly = false };

    /// <summary>Ceph's RADOS Gateway.</summary>
    public static S3StoreProfile Ceph { get; } = new() { Name = "ceph" };

    /// <summary>MinIO.</summary>
    public static S3StoreProfile Minio { get; } = new() { Name = "minio", ChecksumHeaders = true };

    /// <summary>Any other store; it is asked for the least. The default wherever an endpoint is given.</summary>
    public static S3StoreProfile Compatible { get; } = new() { Name = "compatible" };

    /// <summary>All of them.</summary>
    internal static IReadOnlyList<S3StoreProfile> All { get; } = [Aws, Ceph, Minio, Compatible];
}
