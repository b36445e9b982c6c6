namespace PipelineBackup.Stores.Tests.Proxy;

/// <summary>What a request asks a store.</summary>
internal enum RequestKind
{
    /// <summary>What the store, bucket or container is; or to make it.</summary>
    Survey,

    /// <summary>To store an object in one request.</summary>
    Put,

    /// <summary>To begin an upload in parts.</summary>
    Begin,

    /// <summary>To take a part.</summary>
    Part,

    /// <summary>To make an object of parts.</summary>
    Complete,

    /// <summary>To forget parts.</summary>
    Abort,

    /// <summary>To give an object or a range of it.</summary>
    Get,

    /// <summary>To tell about an object.</summary>
    Head,

    /// <summary>To list objects.</summary>
    List,

    /// <summary>To delete an object.</summary>
    Delete,
}

/// <summary>A request that a <see cref="FaultProxy"/> has met, and what became of it.</summary>
/// <param name="Number">Its number among all, from 1.</param>
/// <param name="Kind">What it asks.</param>
/// <param name="Method">Its method.</param>
/// <param name="Target">Path and query.</param>
/// <param name="Fault">What the proxy did with it.</param>
internal sealed record ProxyRequest(int Number, RequestKind Kind, string Method, string Target, ProxyFault Fault)
{
    /// <summary>Bytes of its body that came from the client.</summary>
    public long BytesUp { get; set; }

    /// <summary>Bytes of the answer's body that went to the client.</summary>
    public long BytesDown { get; set; }

    /// <summary>Status that the client was told; 0 without an answer.</summary>
    public int Status { get; set; }

    /// <summary>Whether the client got an answer to its end, and that said yes.</summary>
    public bool Succeeded { get; set; }

    /// <summary>Status of the store's own answer; 0 where the store heard nothing, or only a part.</summary>
    public int Heard { get; set; }

    /// <summary>Whether the client has no answer of the store, or not all of it.</summary>
    public bool IsBroken => Fault is not (ProxyFault.None or ProxyFault.Late);
}
